# OPA's own evaluation cases: FILE.jsonl is in the shared folder of the project, not in this tree.
add_executable(rego_conformance ${CMAKE_CURRENT_LIST_DIR}/conformance.cc)
target_link_libraries(rego_conformance PRIVATE aw_rego)
set_target_properties(rego_conformance PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
