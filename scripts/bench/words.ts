/** Text from nothing. */

export const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export const vocabulary =
  "the a of to in is it that for was on with as be at by this had not are but from or have an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years much where your way down should because long each just state those people too mr how little good world make very year still see own work men day get here old life both between being under three never know same last another while us might great go come since against right came take used himself few house use during without again place around however home found thought went say part once general high upon school every does got united left number course war until always away something fact though less public put thing almost hand enough far took head yet government system better set told nothing night end why called didn't eyes find going look asked later knew point next".split(
    " ",
  );

/** Speaks the same words for the same seed. */
export function speaker(seed: number): (words: number) => string {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return (words) =>
    Array.from({ length: words }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return vocabulary[(state >>> 8) % vocabulary.length];
    }).join(" ");
}
