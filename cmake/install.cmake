# What `cmake --install` and the package put where. Paths of Debian 12; `agentweave config schema` and the other outputs of
# the program are made by the build that is being packaged.
include(GNUInstallDirs)
# Packaging takes the binary as it was built and tested; it does not build.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(AW_DIST ${PROJECT_BINARY_DIR}/dist)

install(TARGETS agentweave RUNTIME DESTINATION bin)
install(DIRECTORY completions/ DESTINATION share/bash-completion/completions
  FILES_MATCHING PATTERN agentweave.bash)
install(FILES completions/_agentweave DESTINATION share/zsh/vendor-completions)
install(FILES completions/agentweave.fish DESTINATION share/fish/vendor_completions.d)
install(DIRECTORY policies DESTINATION share/agentweave)
install(FILES packaging/observability/alerts.yaml packaging/observability/alerts_test.yaml
  packaging/observability/grafana-dashboard.json DESTINATION share/agentweave/observability)

# Text that Debian wants compressed, without a name or a time inside, so that the same source gives the same bytes.
function(aw_gzipped source destination name)
  # Further arguments go to install().
  set(made ${AW_DIST}/gz/${destination}/${name}.gz)
  cmake_path(GET made PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND gzip -9nc ${source} OUTPUT_FILE ${made} COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  install(FILES ${made} DESTINATION ${destination} ${ARGN})
endfunction()
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/man/*.1)
foreach(page IN LISTS pages)
  cmake_path(GET page FILENAME name)
  aw_gzipped(${page} share/man/man1 ${name})
endforeach()
aw_gzipped(${PROJECT_SOURCE_DIR}/packaging/debian/changelog share/doc/agentweave changelog.Debian)
aw_gzipped(${PROJECT_SOURCE_DIR}/CHANGELOG.md share/doc/agentweave changelog)
aw_gzipped(${PROJECT_SOURCE_DIR}/packaging/debian/changelog share/doc/agentweave-dev changelog.Debian COMPONENT sdk EXCLUDE_FROM_ALL)
install(FILES packaging/debian/copyright README.md SECURITY.md DESTINATION share/doc/agentweave)
install(DIRECTORY docs DESTINATION share/doc/agentweave PATTERN decisions EXCLUDE)

# For the package only: what lies outside the prefix.
install(FILES packaging/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME agentweave COMPONENT system)
install(FILES packaging/systemd/agentweave@.service packaging/systemd/agentweave@.socket
  DESTINATION /lib/systemd/system COMPONENT system)
install(FILES packaging/debian/config.yaml DESTINATION /etc/agentweave COMPONENT system)
install(FILES packaging/debian/authz.rego packaging/debian/authz_test.rego DESTINATION /etc/agentweave/policy COMPONENT system)
install(DIRECTORY DESTINATION /etc/agentweave/credentials COMPONENT system DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
install(FILES ${AW_DIST}/sbom.spdx.json ${AW_DIST}/sbom.cyclonedx.json DESTINATION share/doc/agentweave COMPONENT system OPTIONAL)

include(cmake/package.cmake)
