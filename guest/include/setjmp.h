/* Included by QuickJS and not used by what is built here; wasm32-wasi has none. */
