print('before');
throw 'just text';
