# Prepares one translation FILE. With SEGMENT, loads and stores go through GS instead of the memory's
# base pointer: the bodies of DEFINE_LOAD and DEFINE_STORE in the generated prelude are replaced. Fails unless exactly one of each
# was there: another version of wasm2c writes something else.
if(NOT SEGMENT)
  return()
endif()
file(READ ${FILE} text)
set(load_old [[    wasm_rt_memcpy(&result, &mem->data[addr], sizeof(t1)); \
    wasm_asm("" ::"r"(result));                            \
    return (t3)(t2)result;                                 \
]])
set(load_new [[    typedef t1 __attribute__((may_alias, aligned(1))) unaligned; \
    (void)mem;                                             \
    result = *(const __seg_gs unaligned*)(uintptr_t)addr;  \
    return (t3)(t2)result;                                 \
]])
set(store_old [[    wasm_rt_memcpy(&mem->data[addr], &wrapped, sizeof(t1));            \
]])
set(store_new [[    typedef t1 __attribute__((may_alias, aligned(1))) unaligned;       \
    (void)mem;                                                         \
    *(__seg_gs unaligned*)(uintptr_t)addr = wrapped;                   \
]])
foreach(kind load store)
  string(FIND "${text}" "${${kind}_old}" first)
  string(FIND "${text}" "${${kind}_old}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "The ${kind} macro of the generated code is not the one this build knows how to change.")
  endif()
  string(REPLACE "${${kind}_old}" "${${kind}_new}" text "${text}")
endforeach()
file(WRITE ${FILE} "${text}")
