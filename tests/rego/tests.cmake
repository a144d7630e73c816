# OPA's own evaluation cases. They are not in this tree: FILE.jsonl lies beside it, or where AGENTWEAVE_REGO_CASES says.
add_executable(rego_conformance ${CMAKE_CURRENT_LIST_DIR}/conformance.cc)
target_link_libraries(rego_conformance PRIVATE aw_rego)
set_target_properties(rego_conformance PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
# Exit 77: no cases were found, which shows as a skipped test.
add_test(NAME rego_conformance COMMAND rego_conformance --default ${PROJECT_SOURCE_DIR}/../shared/conformance/rego)
set_tests_properties(rego_conformance PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
# The engine as a filter of questions, which differential.py holds against OPA.
add_executable(rego_differ ${CMAKE_CURRENT_LIST_DIR}/differ.cc)
target_link_libraries(rego_differ PRIVATE aw_rego)
set_target_properties(rego_differ PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
# A bounded run against real OPA, when it is in the peers' folder; 1 of every few hundred of the full run of docs/rego.md.
add_test(NAME rego_differential COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/differential.py
  $ENV{HOME}/.cache/agentweave-peers/bin/opa $<TARGET_FILE:rego_differ> --policies 150)
add_test(NAME rego_faults COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/differential.py
  $ENV{HOME}/.cache/agentweave-peers/bin/opa $<TARGET_FILE:rego_differ> --faults --policies 600 --seed 5)
set_tests_properties(rego_differential rego_faults PROPERTIES LABELS peers SKIP_RETURN_CODE 77 TIMEOUT 300)
