# Remote OPA is tested against a fake that misbehaves; a room's tests otherwise link no fakes.
if(TARGET authz_tests)
  target_sources(authz_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests/fakes/fake_opa.cc)
endif()
