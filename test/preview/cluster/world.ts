/** Environment variable that names the file of the fake world. */
export const worldFileVariable = 'FAKE_WORLD';

export const labName = 'test';
export const labSubnet = '10.88.0.0/24';
export const vipAddress = '10.88.0.100/24';
