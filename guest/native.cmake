# nexus_native_quickjs_library(NAME flags...): QuickJS of the same source as the guest, built natively: what the sandbox
# is compared with, by benchmarks and by tests.
enable_language(C)
function(nexus_native_quickjs_library name)
  set(quickjs ${NEXUS_DEPS_DIR}/quickjs-2025-04-26)
  add_library(${name} STATIC ${quickjs}/quickjs.c ${quickjs}/libregexp.c ${quickjs}/libunicode.c ${quickjs}/cutils.c
                             ${quickjs}/dtoa.c)
  target_include_directories(${name} SYSTEM PUBLIC ${quickjs})
  target_compile_options(${name} PRIVATE -O2 -g0 -w -fwrapv -funsigned-char -fno-sanitize=all ${ARGN})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE CONFIG_VERSION="2025-04-26" NDEBUG)
  target_link_libraries(${name} PUBLIC m dl Threads::Threads)
endfunction()
