print('never'
let = 5 5;
