# The .deb. `./dev package` makes the SBOM first, then this, then the checksums (packaging/package.sh).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME agentweave)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "agentweave maintainers <maintainers@agentweave.dev>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "agents on the network with a proven identity and default-deny policy")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/dist)
set(CPACK_SET_DESTDIR ON) # for /etc and /lib
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL OFF)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS libcurl4) # libcurl is opened at its first use
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/debian/postinst ${PROJECT_SOURCE_DIR}/packaging/debian/prerm
  ${PROJECT_SOURCE_DIR}/packaging/debian/postrm ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles)
string(CONCAT CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Puts an agent, written in any language, on the network so that the secure\n"
  "path is the only path: identity from the SPIFFE Workload API, mutual TLS 1.3,\n"
  "replay protection, an OPA policy for every request, and a tamper-evident\n"
  "audit log, in front of the agent's own code. Speaks A2A in every binding.\n"
  ".\n"
  "Brings commands to see, check and call such agents, a development identity\n"
  "and an embedded policy engine, so that nothing else is needed to try it.")
include(CPack)
