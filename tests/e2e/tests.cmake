# These need nothing but this program: they belong to every run of the tests.
find_package(Python3 COMPONENTS Interpreter)
if(TARGET agentweave AND Python3_FOUND)
  foreach(kind faults hostile webhooks upgrade run supervision federation docs doctor crash)
    add_test(NAME ${kind} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run.py test_${kind}.)
    # LeakSanitizer looks at a process through ptrace, which an agent that has confined itself denies.
    set_tests_properties(${kind} PROPERTIES TIMEOUT 300 ENVIRONMENT
      "AGENTWEAVE_BINARY=$<TARGET_FILE:agentweave>;ASAN_OPTIONS=detect_leaks=0;AGENTWEAVE_UPGRADE_RATE=100")
  endforeach()
  # ThreadSanitizer's suppressions name gRPC's functions, and an agent that has confined itself can start no symbolizer.
  set_tests_properties(faults upgrade run supervision federation docs doctor crash PROPERTIES LABELS confined)
  # It measures memory, which under the sanitizers is theirs.
  set_tests_properties(hostile webhooks PROPERTIES LABELS memory)
endif()
