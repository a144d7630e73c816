# The client is tested against the fake Workload API; a room's tests otherwise link no fakes.
if(TARGET identity_tests)
  target_sources(identity_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests/fakes/fake_workload_api.cc)
endif()
# Rooms whose tests run gRPC, which Debian builds without ThreadSanitizer.
foreach(room identity runtime commands)
  if(TEST ${room})
    set_tests_properties(${room} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan_suppressions.txt")
  endif()
endforeach()
