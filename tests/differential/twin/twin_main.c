/* `nexus eval` without the sandbox: the same engine, built natively, evaluates plain scripts in one context. */
#include <stdio.h>
#include <stdlib.h>

#include "quickjs.h"

void nx_twin_math_init(void);

/* Asked by LeakSanitizer, where the libraries are built with it: the program ends without freeing anything. */
int __lsan_is_turned_off(void) { return 1; }

static JSValue print(JSContext* context, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  for (int i = 0; i < argc; i++) {
    size_t size;
    const char* text = JS_ToCStringLen(context, &size, argv[i]);
    if (text == NULL) return JS_EXCEPTION;
    if (i > 0) putchar(' ');
    fwrite(text, 1, size, stdout);
    JS_FreeCString(context, text);
  }
  putchar('\n');
  return JS_UNDEFINED;
}

static char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  char* text;
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  text = malloc(*size + 1);
  if (text != NULL && fread(text, 1, *size, file) != *size) text = NULL;
  if (text != NULL) text[*size] = '\0';
  fclose(file);
  return text;
}

static int member(JSContext* context, JSValueConst object, const char* name, char* text, size_t capacity) {
  JSValue value = JS_GetPropertyStr(context, object, name);
  const char* found = JS_IsString(value) ? JS_ToCString(context, value) : NULL;
  if (found != NULL) snprintf(text, capacity, "%s", found);
  JS_FreeCString(context, found);
  JS_FreeValue(context, value);
  return found != NULL;
}

static int fail(JSContext* context) {
  char name[4096] = "", message[4096] = "";
  JSValue thrown = JS_GetException(context);
  fflush(stdout);
  if (JS_IsObject(thrown) && member(context, thrown, "name", name, sizeof name)) {
    member(context, thrown, "message", message, sizeof message);
    fprintf(stderr, "Uncaught %s%s%s\n", name, message[0] != '\0' ? ": " : "", message);
  } else {
    fprintf(stderr, "Uncaught %s\n", JS_ToCString(context, thrown));
  }
  return 1;
}

int main(int argc, char** argv) {
  JSRuntime* runtime = JS_NewRuntime();
  JSContext* context = JS_NewContext(runtime);
  JSValue global = JS_GetGlobalObject(context);
  nx_twin_math_init();
  // Some compilers give a call in JavaScript a native frame of several times the guest's.
  JS_SetMaxStackSize(runtime, 4 * 1024 * 1024);
  JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
  for (int i = 1; i < argc; i++) {
    size_t size;
    char* source = read_file(argv[i], &size);
    if (source == NULL) {
      fprintf(stderr, "cannot read %s\n", argv[i]);
      return 2;
    }
    if (JS_IsException(JS_Eval(context, source, size, "script", JS_EVAL_TYPE_GLOBAL))) return fail(context);
  }
  for (JSContext* ran;;) {
    const int more = JS_ExecutePendingJob(runtime, &ran);
    if (more == 0) return 0;
    if (more < 0) return fail(ran);
  }
}
