# Writes the bytes of INPUT as the C array NAME into OUTPUT.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "const char ${NAME}[] = {\n${bytes}0};\nconst unsigned ${NAME}_size = sizeof ${NAME} - 1;\n")
