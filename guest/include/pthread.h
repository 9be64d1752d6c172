/* wasm32-wasi has one thread. QuickJS takes these locks around its class table and Atomics only. */
#ifndef NX_GUEST_PTHREAD_H_
#define NX_GUEST_PTHREAD_H_
typedef int pthread_mutex_t;
typedef int pthread_cond_t;
#define PTHREAD_MUTEX_INITIALIZER 0
#define pthread_mutex_lock(mutex) ((void)(mutex))
#define pthread_mutex_unlock(mutex) ((void)(mutex))
#define pthread_cond_init(cond, attributes) ((void)(cond))
#define pthread_cond_destroy(cond) ((void)(cond))
#define pthread_cond_wait(cond, mutex) ((void)(cond), (void)(mutex), __builtin_trap())
#define pthread_cond_timedwait(cond, mutex, until) ((void)(cond), (void)(mutex), (void)(until), __builtin_trap(), 0)
#define pthread_cond_signal(cond) ((void)(cond))
#endif
