# The agent that the official A2A compatibility kits drive. It serves as `serve` does; only what does the work is its own.
if(TARGET aw_commands)
  add_executable(a2a_tck_agent ${CMAKE_CURRENT_LIST_DIR}/agent.cc ${CMAKE_CURRENT_LIST_DIR}/kit_executor.cc)
  target_link_libraries(a2a_tck_agent PRIVATE aw_commands)
  set_target_properties(a2a_tck_agent PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
