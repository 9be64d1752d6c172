print('before');
throw new RangeError('the end');
