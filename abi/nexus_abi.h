/* The boundary between the QuickJS guest (wasm32) and its host. Included by both sides.
 *
 * Rules of the boundary:
 * - Values cross as MessagePack, byte strings as (pointer, length) pairs in the guest's memory.
 * - The guest is never trusted: the host checks every pointer and length and copies before it looks.
 * - The host never calls into the guest from an import. What an import gives back is written to a buffer
 *   that the guest supplied; when it does not fit, the length is returned, nothing is written, and the
 *   guest fetches it from NX_SLOT_REPLY.
 * - Imports return NX_OK, a length or an index (>= 0), or one of the negative codes below. After a
 *   negative code NX_SLOT_MESSAGE holds what the JavaScript error says.
 * Names and codes: reference.md section 6.
 */
#ifndef NEXUS_ABI_H_
#define NEXUS_ABI_H_

/* Raised whenever anything below changes its meaning; part of every cache key. */
#define NX_ABI_VERSION 2

/* Results of imports. */
#define NX_OK 0
#define NX_PERMISSION_DENIED (-1)
#define NX_RESOURCE_LIMIT (-2)
#define NX_INVALID_ARGUMENT (-3)
#define NX_NOT_FOUND (-4)
#define NX_INTERNAL_ERROR (-5)

/* What the host holds for the guest to read with __nexus_input. */
#define NX_SLOT_SOURCE 0  /* text to compile or evaluate */
#define NX_SLOT_CODE 1    /* bytecode of a compiled handler */
#define NX_SLOT_ARGS 2    /* $args */
#define NX_SLOT_SCOPE 3   /* $scope */
#define NX_SLOT_ANSWER 4  /* value, or {message, code}, that settles an extension call */
#define NX_SLOT_REPLY 5   /* what the last import had to say and did not fit */
#define NX_SLOT_MESSAGE 6 /* why the last import failed: an error code, a line feed, the text */

/* What the guest hands over with __nexus_output. */
#define NX_OUT_CODE 0   /* bytecode */
#define NX_OUT_RESULT 1 /* return value; not called when it is undefined */
#define NX_OUT_ERROR 2  /* {name?, message?, stack?, code?} of an object, {text} of what is no Error */

/* Operations of __nexus_state_patch. */
#define NX_PATCH_SET 0    /* value replaces what the path names */
#define NX_PATCH_DELETE 1 /* the member the path names goes away */
#define NX_PATCH_APPEND 2 /* the elements of the value, a list, are added to the list the path names */

/* Results of the exports nx_run, nx_resume, nx_compile and nx_eval. */
#define NX_RUN_DONE 0
#define NX_RUN_THREW 1
#define NX_RUN_PENDING 2
#define NX_RUN_TOO_MANY_JOBS 3

/* Columns that the wrapper of a handler takes before its first line. */
#define NX_HEAD_COLUMNS 20

/* Flags of nx_eval. */
#define NX_EVAL_MODULE 1

/* Largest nesting of values on either side. */
#define NX_MAX_DEPTH 64

/* Imports of module "nexus": NX_IMPORTn(name, host enumerator) with n parameters of type i32 and an i32
 * result. */
#define NX_IMPORTS(X1, X2, X3, X4, X5, X6)                                                          \
  X3(__nexus_input, kInput)               /* slot, buffer, capacity -> length */                    \
  X3(__nexus_output, kOutput)             /* slot, bytes, length */                                 \
  X4(__nexus_state_get, kStateGet)        /* key, length, buffer, capacity -> length */             \
  X4(__nexus_state_set, kStateSet)        /* key, length, value, length */                          \
  X2(__nexus_state_delete, kStateDelete)  /* key, length */                                         \
  X2(__nexus_state_has, kStateHas)        /* key, length -> 1 or 0 */                               \
  X2(__nexus_state_keys, kStateKeys)      /* buffer, capacity -> length of a list */                \
  X2(__nexus_state_declared, kStateDeclared) /* key, length -> 1 or 0; needs no capability */       \
  X5(__nexus_state_patch, kStatePatch)    /* operation, path list, length, value, length */         \
  X4(__nexus_emit_event, kEmitEvent)      /* name, length, payload, length */                       \
  X2(__nexus_view_command, kViewCommand)  /* {type, componentId?, args}, length */                  \
  X6(__nexus_ext_suspend, kExtSuspend)    /* name, length, method, length, args list, length -> call */ \
  X2(__nexus_ext_exists, kExtExists)      /* name, length -> 1 or 0 */                              \
  X4(__nexus_ext_methods, kExtMethods)    /* name, length, buffer, capacity -> length of a list */  \
  X2(__nexus_ext_list, kExtList)          /* buffer, capacity -> length of a list */                \
  X3(__nexus_log, kLog)                   /* level 0..3, text, length */                            \
  X2(__nexus_print, kPrint)               /* text, length; conformance mode only */                 \
  X1(__nexus_now, kNow)                   /* address of an f64 that receives milliseconds since the epoch */

/* Counters the guest keeps and the host reads and writes in the guest's memory; nx_control returns the
 * address. All fields little-endian u32. */
struct nx_control {
  unsigned int interrupt;  /* set to 1 by the host: stop at the next poll. Sticky until the memory is reset */
  unsigned int heap_bytes; /* live bytes of the JavaScript heap */
  unsigned int heap_peak;  /* most of them during this run */
  unsigned int jobs;       /* promise jobs run */
  unsigned int job_limit;  /* set by the host: run no more of them than that */
};

#endif /* NEXUS_ABI_H_ */
