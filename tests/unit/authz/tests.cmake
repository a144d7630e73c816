# Remote OPA is tested against a fake that misbehaves; a room's tests otherwise link no fakes.
if(TARGET authz_tests)
  target_sources(authz_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests/fakes/fake_opa.cc)
  # One file only: a path in the flags keeps the compiler's cache from serving another checkout.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/unit/authz/shipped_policies_test.cc
    TARGET_DIRECTORY authz_tests PROPERTIES COMPILE_DEFINITIONS AW_POLICY_DIR="${PROJECT_SOURCE_DIR}/policies")
endif()
