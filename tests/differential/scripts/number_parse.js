for (const t of ['12', ' 12 ', '0x1f', '0b101', '0o17', '1e3', '.5', '5.', '', 'x', '1_0', '-0', '+1', 'Infinity', '1e1000'])
  print(JSON.stringify(t), Number(t), parseInt(t), parseFloat(t), parseInt(t, 16), Number.isInteger(Number(t)));
