# Faults of identity need a Workload API that misbehaves on demand; a room's tests otherwise link no fakes.
if(TARGET runtime_tests)
  target_sources(runtime_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests/fakes/fake_workload_api.cc)
endif()
