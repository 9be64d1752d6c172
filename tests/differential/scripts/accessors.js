const o = { _v: 1, get v() { return this._v; }, set v(x) { this._v = x * 2; } };
o.v = 5;
print(o.v, Object.getOwnPropertyDescriptor(o, 'v').get.name);
const c = Object.create(o);
c.v = 1;
print(c._v, o._v);
o.__defineGetter__('z', () => 3);
print(o.z, o.__lookupGetter__('z')());
