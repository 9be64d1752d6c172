# Fails when an object of OBJECTS (separated by |) reads or writes an absolute address.
string(REPLACE "|" ";" OBJECTS "${OBJECTS}")
foreach(object ${OBJECTS})
  execute_process(COMMAND ${OBJDUMP} -d --no-show-raw-insn ${object} OUTPUT_VARIABLE code COMMAND_ERROR_IS_FATAL ANY)
  # AT&T syntax: an immediate operand starts with $, an absolute memory operand does not.
  string(REGEX MATCH "movabs +(0x[0-9a-f]+,%|%[a-z0-9]+,0x)[^\n]*" found "${code}")
  if(found)
    message(FATAL_ERROR "${object}: a guest access lost its segment register: ${found}")
  endif()
endforeach()
