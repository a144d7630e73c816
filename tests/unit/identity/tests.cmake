# The client is tested against the fake Workload API; a room's tests otherwise link no fakes.
if(TARGET identity_tests)
  target_sources(identity_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests/fakes/fake_workload_api.cc)
endif()
