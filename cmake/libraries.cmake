# Everything comes from Debian 12's packages; docs/decisions/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
set(Protobuf_USE_STATIC_LIBS ON) # as gRPC, and for the same reason
find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(doctest REQUIRED)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
# Static where Debian has it: each C++ library that the loader need not bind saves its time at every start.
# A shared library of ours (AW_SHARED, cmake/sdk.cmake) takes the shared ones: Debian's archives are not made to go into one.
set(AW_IN_SHARED $<BOOL:$<TARGET_PROPERTY:AW_SHARED>>)
function(aw_static_or_shared target static shared)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE $<IF:${AW_IN_SHARED},${shared},${static}>)
endfunction()
foreach(name re2 yaml-cpp protobuf grpc++_unsecure gpr absl_synchronization)
  find_library(AW_SHARED_${name} lib${name}.so REQUIRED)
endforeach()
find_library(AW_RE2 libre2.a REQUIRED)
find_library(AW_YAML_CPP libyaml-cpp.a REQUIRED)
aw_static_or_shared(aw_re2 ${AW_RE2} ${AW_SHARED_re2})
aw_static_or_shared(aw_yaml_cpp ${AW_YAML_CPP} ${AW_SHARED_yaml-cpp})
aw_static_or_shared(aw_protobuf protobuf::libprotobuf ${AW_SHARED_protobuf})
find_library(AW_GMP gmp REQUIRED)
find_program(AW_PROTOC protoc REQUIRED)
find_program(AW_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

# gRPC without its own TLS, linked statically: the shared library costs 6 ms at every start (docs/decisions/grpc.md).
function(aw_static_grpc)
  execute_process(
    COMMAND ${PKG_CONFIG_EXECUTABLE} --static --libs-only-l grpc++_unsecure
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags)
  # What Debian's .pc file leaves out for static linking.
  list(APPEND flags -lupb -laddress_sorting -lcares -lz)
  set(libs)
  foreach(flag IN LISTS flags)
    string(REGEX REPLACE "^-l" "" name "${flag}")
    find_library(AW_STATIC_${name} NAMES lib${name}.a)
    if(AW_STATIC_${name} AND NOT name MATCHES "^(ssl|crypto|z|m|dl|rt|pthread)$")
      list(APPEND libs ${AW_STATIC_${name}})
    else()
      list(APPEND libs ${name})
    endif()
  endforeach()
  add_library(aw_grpc INTERFACE)
  foreach(item -Wl,--start-group ${libs} -Wl,--end-group)
    list(APPEND items $<$<NOT:${AW_IN_SHARED}>:${item}>)
  endforeach()
  foreach(name grpc++_unsecure gpr absl_synchronization) # the last two: what gRPC's headers call themselves
    list(APPEND items $<${AW_IN_SHARED}:${AW_SHARED_${name}}>)
  endforeach()
  target_link_libraries(aw_grpc INTERFACE ${items} aw_protobuf Threads::Threads)
endfunction()
aw_static_grpc()

add_library(aw_boost INTERFACE)
target_link_libraries(aw_boost INTERFACE Boost::headers Threads::Threads)
# No aligned_alloc: a request's coroutine frames come from the allocator's fast path (docs/decisions/request-path.md).
target_compile_definitions(aw_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)

# Headers only: core/io/libcurl.cc loads the library at its first use (docs/decisions/startup.md).
add_library(aw_curl INTERFACE)
target_include_directories(aw_curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
target_link_libraries(aw_curl INTERFACE ${CMAKE_DL_LIBS})
