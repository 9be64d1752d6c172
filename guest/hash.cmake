# Writes the hash of the guest build into OUTPUT.
file(SHA256 ${WASM} wasm)
file(SHA256 ${ABI} abi)
string(SHA256 hash "${wasm} ${abi}")
file(WRITE ${OUTPUT} "const char nx_guest_build_hash[] = \"${hash}\";\n")
