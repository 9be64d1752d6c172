print(eval('1; { 2; }'), eval('if (0) 1; else 2'), eval('a: for (;;) { 3; break a; }'), eval('switch (1) { case 1: 4 }'));
print(eval('try { 5 } finally { 6 }'), eval('var x = 1'), eval('function f() {}'), eval('do { 7; continue; } while (0)'));
