# Faults need nothing but this program: they belong to every run of the tests.
find_package(Python3 COMPONENTS Interpreter)
if(TARGET agentweave AND Python3_FOUND)
  add_test(NAME faults COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run.py test_faults)
  set_tests_properties(faults PROPERTIES ENVIRONMENT "AGENTWEAVE_BINARY=$<TARGET_FILE:agentweave>" TIMEOUT 300)
endif()
