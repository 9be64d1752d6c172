#pragma once

namespace nexus {

// Writes "file:line: check failed: text" to stderr and aborts: a broken invariant is a bug, and going on
// with one would endanger other users' data.
[[noreturn]] void check_failed(const char* file, int line, const char* text);

}  // namespace nexus

// Aborts in every build when `condition` is false. For invariants of our own code, never for input.
#define NX_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::nexus::check_failed(__FILE__, __LINE__, #condition))

// As NX_CHECK in builds without NDEBUG; for hot paths.
#ifdef NDEBUG
#define NX_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define NX_DCHECK(condition) NX_CHECK(condition)
#endif
