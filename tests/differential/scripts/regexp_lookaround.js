print('price 12 EUR 13 USD'.match(/\d+(?= USD)/)[0], 'a1b2'.replace(/(?<=[a-z])\d/g, '#'), 'foobar'.match(/(?<!x)bar/).index);
print(/^(?!.*z).+$/.test('abc'), 'aXbX'.split(/(?=X)/), 'abcabc'.match(/(?:abc)+/)[0]);
