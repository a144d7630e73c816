# Programs that measure; built when asked for (./dev bench policy), in the release build too.
add_executable(policy_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/policy.cc)
target_link_libraries(policy_bench PRIVATE aw_rego)
set_target_properties(policy_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(AW_JEMALLOC AND NOT CMAKE_CXX_FLAGS MATCHES "sanitize")
  target_link_libraries(policy_bench PRIVATE ${AW_JEMALLOC})
endif()
