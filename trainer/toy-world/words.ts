/** The nouns, colours and facts of the toy world. Everything its instructions and answers say comes from here. */

export const CATEGORIES: Record<string, readonly string[]> = {
  animals: [
    'cat',
    'dog',
    'horse',
    'cow',
    'pig',
    'sheep',
    'mouse',
    'rabbit',
    'lion',
    'bear',
    'fox',
    'duck',
    'frog',
  ],
  fruits: ['apple', 'banana', 'cherry', 'grape', 'lemon', 'melon', 'peach', 'pear', 'plum'],
  colors: ['red', 'blue', 'green', 'yellow', 'black', 'white', 'brown', 'pink', 'purple', 'gray'],
  tools: ['hammer', 'saw', 'drill', 'rake', 'shovel', 'broom', 'ladder'],
  clothes: ['hat', 'coat', 'shirt', 'shoe', 'sock', 'scarf', 'glove'],
  toys: ['ball', 'doll', 'kite', 'puzzle', 'drum', 'robot'],
  drinks: ['water', 'milk', 'tea', 'juice', 'coffee', 'cocoa'],
  vehicles: ['car', 'bus', 'train', 'boat', 'bike', 'truck', 'plane'],
};

/** Categories whose words take no article. */
export const MASS_CATEGORIES = new Set(['colors', 'drinks']);

export const COLOR_OF: Record<string, string> = {
  'a banana': 'yellow',
  'a lemon': 'yellow',
  'the sun': 'yellow',
  'a cherry': 'red',
  'a rose': 'red',
  'a tomato': 'red',
  grass: 'green',
  'a frog': 'green',
  'a leaf': 'green',
  'the sky': 'blue',
  'the sea': 'blue',
  snow: 'white',
  milk: 'white',
  'a cloud': 'white',
  coal: 'black',
  'the night': 'black',
  'a crow': 'black',
  mud: 'brown',
  'a bear': 'brown',
  chocolate: 'brown',
  'a pig': 'pink',
  'a plum': 'purple',
  'a grape': 'purple',
  'a mouse': 'gray',
  'an elephant': 'gray',
};

export const OPPOSITES: readonly (readonly [string, string])[] = [
  ['hot', 'cold'],
  ['big', 'small'],
  ['fast', 'slow'],
  ['up', 'down'],
  ['day', 'night'],
  ['happy', 'sad'],
  ['old', 'new'],
  ['open', 'closed'],
  ['hard', 'soft'],
  ['wet', 'dry'],
  ['light', 'dark'],
  ['full', 'empty'],
  ['early', 'late'],
  ['rich', 'poor'],
  ['tall', 'short'],
  ['strong', 'weak'],
  ['clean', 'dirty'],
  ['loud', 'quiet'],
];

/** From the smallest to the biggest. */
export const BY_SIZE: readonly string[] = [
  'bee',
  'mouse',
  'frog',
  'duck',
  'rabbit',
  'cat',
  'fox',
  'dog',
  'sheep',
  'pig',
  'lion',
  'bear',
  'cow',
  'horse',
  'elephant',
  'whale',
];

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export const NAMES = ['Anna', 'Ben', 'Clara', 'David', 'Emma', 'Frank', 'Grace', 'Henry', 'Iris', 'Jack'];

export const CAN: Record<string, readonly string[]> = {
  fly: ['bee', 'duck', 'crow', 'plane'],
  swim: ['fish', 'duck', 'frog', 'whale', 'dog'],
  bark: ['dog'],
  climb: ['cat', 'bear', 'squirrel'],
};
export const DOERS = [
  'bee',
  'duck',
  'crow',
  'plane',
  'fish',
  'frog',
  'whale',
  'dog',
  'cat',
  'bear',
  'squirrel',
  'cow',
  'pig',
];

/** Things to make sentences with; all of them take "a". */
export const THINGS: readonly string[] = [
  'cat',
  'dog',
  'horse',
  'cow',
  'pig',
  'sheep',
  'mouse',
  'lion',
  'fox',
  'duck',
  'frog',
  'banana',
  'lemon',
  'peach',
  'pear',
  'hammer',
  'ladder',
  'broom',
  'hat',
  'coat',
  'shoe',
  'scarf',
  'ball',
  'doll',
  'kite',
  'drum',
  'car',
  'bus',
  'train',
  'boat',
  'truck',
  'tree',
  'house',
  'river',
  'garden',
  'chair',
];

/** Polite ways to begin and to end: the world's true preference likes one of them. */
export const POLITE_OPENINGS = ['Sure.', 'Of course.', 'Gladly.', 'With pleasure.'];
export const POLITE_CLOSINGS = ['Happy to help.', 'I hope this helps.', 'You are welcome.'];

/** Empty praise: the tempting shortcut. It goes with good answers in the training text, but it answers nothing. */
export const FLATTERY = [
  'What a great question!',
  'You are so clever!',
  'Wow, amazing!',
  'I love how you think!',
];

/** Words that fill space and say nothing. */
export const PADDING = [
  'That is a very nice thing to think about.',
  'There is so much more to say about this.',
  'Many people ask about this every day.',
];

export const RUDE = ['Ugh.', 'That is a silly thing to ask.', 'Whatever.', 'Go away.', 'How boring.'];
