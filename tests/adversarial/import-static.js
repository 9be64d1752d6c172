// Attack: imports at the top of the handler
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: a module loader is a file system.
import * as os from 'os';
return os;
