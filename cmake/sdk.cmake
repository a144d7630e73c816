# The C++ SDK as others build against it: two shared libraries, the public headers alone, a CMake package and two .pc files.
#
# Shared, and showing nothing but the public names (packaging/sdk/exports.map): a program that is built against it needs none of
# the development packages of what is inside (docs/decisions/sdk.md).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What is installed, and nothing else: <agentweave/NAME.h>, flat.
set(AW_PUBLIC_CORE
  core/base/clock.h core/base/code.h core/base/error.h core/base/result.h core/base/secret.h core/identity/spiffe_id.h
  core/authz/decision.h core/sdk/agent.h core/sdk/agentweave.h core/sdk/authorization_provider.h core/sdk/identity_provider.h
  core/sdk/secure_agent.h)
set(AW_PUBLIC_TESTING
  core/testing/manual_clock.h core/testing/mock_authorization_provider.h core/testing/mock_identity_provider.h
  core/testing/mock_secure_agent.h core/testing/testing.h)

set(AW_SDK_INCLUDE ${PROJECT_BINARY_DIR}/sdk/include/agentweave)
# Copies a header with its includes under their installed names; one that reaches for something private stops the build.
function(aw_publish_header source)
  file(READ ${PROJECT_SOURCE_DIR}/${source} text)
  string(REGEX MATCHALL "#include \"[^\"]+\"" includes "${text}")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "#include \"([^\"]+)\"" "\\1" path "${line}")
    if(NOT path IN_LIST AW_PUBLIC_CORE AND NOT path IN_LIST AW_PUBLIC_TESTING)
      message(FATAL_ERROR "${source} is public, but includes ${path}, which is not (cmake/sdk.cmake)")
    endif()
    cmake_path(GET path FILENAME name)
    string(REPLACE "${line}" "#include <agentweave/${name}>" text "${text}")
  endforeach()
  cmake_path(GET source FILENAME name)
  file(CONFIGURE OUTPUT ${AW_SDK_INCLUDE}/${name} CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${source})
endfunction()
foreach(header IN LISTS AW_PUBLIC_CORE AW_PUBLIC_TESTING)
  aw_publish_header(${header})
endforeach()

# Before 1.0 a minor version may change the binary interface.
set(AW_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
function(aw_shared target name exports)
  add_library(${target} SHARED EXCLUDE_FROM_ALL ${ARGN})
  target_link_options(${target} PRIVATE -fuse-ld=lld -Wl,--version-script=${exports} -Wl,-z,defs,-z,relro,-z,now
    -Wl,--gc-sections -Wl,--as-needed -Wl,--thinlto-cache-dir=$ENV{HOME}/.cache/agentweave-thinlto)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION ${AW_SOVERSION}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/sdk LINK_DEPENDS ${exports} AW_SHARED ON)
  target_compile_features(${target} INTERFACE cxx_std_23)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:include>)
endfunction()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/sdk/agentweave.cc CONTENT "// The library is made of its rooms.\n")
aw_shared(agentweave_core agentweave ${PROJECT_SOURCE_DIR}/packaging/sdk/exports.map ${PROJECT_BINARY_DIR}/sdk/agentweave.cc)
target_link_libraries(agentweave_core PRIVATE aw_sdk)
# Whole, so that no public name is missing because nothing inside asked for it.
set_target_properties(agentweave_core PROPERTIES EXPORT_NAME core
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,aw_sdk,aw_base,aw_identity,aw_authz")
# Its sources alone, over the other library: two copies of what is inside would register themselves twice in one process.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/testing/*.cc)
aw_shared(agentweave_testing agentweave_testing ${PROJECT_SOURCE_DIR}/packaging/sdk/exports-testing.map ${sources})
# Beside the other one in the build tree as where it is installed: no path of the build is in it.
set_target_properties(agentweave_testing PROPERTIES EXPORT_NAME testing INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
target_link_libraries(agentweave_testing PUBLIC agentweave_core PRIVATE $<BUILD_INTERFACE:aw_flags> $<BUILD_INTERFACE:aw_boost>
  $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)
add_custom_target(sdk DEPENDS agentweave_core agentweave_testing)

function(aw_pkg_config file name library description requires)
  set(AW_PC_NAME ${name})
  set(AW_PC_LIBRARY ${library})
  set(AW_PC_DESCRIPTION ${description})
  set(AW_PC_REQUIRES "${requires}")
  configure_file(${PROJECT_SOURCE_DIR}/packaging/sdk/agentweave.pc.in ${PROJECT_BINARY_DIR}/sdk/${file}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/sdk/${file}.pc DESTINATION lib/pkgconfig COMPONENT sdk EXCLUDE_FROM_ALL)
endfunction()
aw_pkg_config(agentweave agentweave agentweave "agents with a proven identity and default-deny policy" "")
aw_pkg_config(agentweave-testing agentweave-testing agentweave_testing "test doubles for agents" " agentweave")

install(TARGETS agentweave_core agentweave_testing EXPORT agentweaveTargets LIBRARY DESTINATION lib COMPONENT sdk EXCLUDE_FROM_ALL)
install(DIRECTORY ${AW_SDK_INCLUDE} DESTINATION include COMPONENT sdk EXCLUDE_FROM_ALL)
install(EXPORT agentweaveTargets NAMESPACE agentweave:: DESTINATION lib/cmake/agentweave COMPONENT sdk EXCLUDE_FROM_ALL)
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/sdk/agentweaveConfig.cmake.in
  ${PROJECT_BINARY_DIR}/sdk/agentweaveConfig.cmake INSTALL_DESTINATION lib/cmake/agentweave)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sdk/agentweaveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sdk/agentweaveConfig.cmake ${PROJECT_BINARY_DIR}/sdk/agentweaveConfigVersion.cmake
  DESTINATION lib/cmake/agentweave COMPONENT sdk EXCLUDE_FROM_ALL)

# The package of it, agentweave-dev (packaging/package.sh).
configure_file(packaging/sdk/package.cmake.in ${PROJECT_BINARY_DIR}/CPackSdkConfig.cmake @ONLY)
install(FILES packaging/debian/copyright DESTINATION share/doc/agentweave-dev COMPONENT sdk EXCLUDE_FROM_ALL)
install(DIRECTORY examples/sdk/ DESTINATION share/doc/agentweave-dev/examples COMPONENT sdk EXCLUDE_FROM_ALL)
install(FILES packaging/sdk/lintian-overrides DESTINATION share/lintian/overrides RENAME agentweave-dev COMPONENT sdk EXCLUDE_FROM_ALL)
