# Writes the bytes of INPUT as a C array into OUTPUT.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "const char nx_bootstrap[] = {\n${bytes}0};\nconst unsigned nx_bootstrap_size = sizeof nx_bootstrap - 1;\n")
