/**
 * Where the two invisible joiners may stand (RFC 5892 appendix A.1 and A.2).
 *
 * Decides that ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER are let in only where they change how a word is written: after
 * a virama, or, for the first, between two letters that would join. Anywhere else they would make two addresses that look
 * alike. JavaScript knows neither the combining class nor the joining type of a character, so both are listed here, from
 * Unicode 17.0.
 */

/** Canonical_Combining_Class = Virama. */
const VIRAMAS = [
  '094D 09CD 0A4D 0ACD 0B4D 0BCD 0C4D 0CCD 0D3B-0D3C 0D4D 0DCA 0E3A 0EBA 0F84 1039-103A 1714-1715 1734 17D2 1A60',
  '1B44 1BAA-1BAB 1BF2-1BF3 2D7F A806 A82C A8C4 A953 A9C0 AAF6 ABED 10A3F 11046 11070 1107F 110B9 11133-11134',
  '111C0 11235 112EA 1134D 113CE-113D0 11442 114C2 115BF 1163F 116B6 1172B 11839 1193D-1193E 119E0 11A34 11A47',
  '11A99 11C3F 11D44-11D45 11D97 11F41-11F42 1612F',
];

/** Letters with Joining_Type = Dual_Joining or Left_Joining; the ranges also run over code points that are no letters. */
const JOINING_ONWARDS = [
  '0620 0626 0628 062A-062E 0633-063F 0641-0647 0649-066F 0678-0687 069A-06BF 06C1-06C2 06CC 06CE 06D0-06D1',
  '06FA-06FF 0712-0714 071A-071D 071F-0727 0729 072B 072D-072E 074E-0758 075C-076A 076D-0770 0772 0775-0777',
  '077A-077F 07CA-07EA 0841-0845 0848 084A-0853 0855 0860 0862-0865 0868 0886 0889-088D 088F-08A9 08AF-08B0',
  '08B3-08B8 08BA-08C8 1820-1878 1887-18AA A840-A872 10AC0-10AC4 10ACD 10AD3-10ADC 10ADE-10AE0 10B80 10B82',
  '10B86-10B88 10B8A-10B8B 10B8D 10B90 10D00-10D21 10D23 10EC3-10EC4 10EC6-10EC7 10F30-10F32 10F34-10F44',
  '10F70-10F73 10F76-10FB0 10FB2-10FB3 10FB8 10FBB-10FBC 10FBE-10FBF 10FC1 10FC4 1E900-1E943',
];

/** Of these, the letters with Joining_Type = Left_Joining: they do not join to what stands before them. */
const JOINING_ONWARDS_ONLY = ['A872 10ACD 10AD7 10D00'];

/** Letters with Joining_Type = Right_Joining; the ranges also run over code points that are no letters. */
const JOINING_BACK_ONLY = [
  '0622-0625 0627 0629 062F-0632 0648 0671-0673 0675-0677 0688-0699 06C0 06C3-06CB 06CD 06CF 06D2-06D5',
  '06EE-06EF 0710 0715-0719 071E 0728 072A 072C 072F-074D 0759-075B 076B-076C 0771 0773-0774 0778-0779 0840',
  '0846-0847 0849 0854 0856-0858 0867 0869-0882 088E 08AA-08AC 08AE 08B1-08B2 08B9 10AC5 10AC7-10ACA',
  '10ACE-10AD2 10ADD 10AE1 10AE4 10B81 10B83-10B85 10B89 10B8C 10B8E-10B8F 10B91 10D22 10EC2 10F33 10F74-10F75',
  '10FB4-10FB6 10FB9-10FBA 10FBD 10FC2-10FC3',
];

/** The inside of a character class of a `v` regular expression. */
function characters(table: readonly string[]): string {
  return table
    .join(' ')
    .replace(/[0-9A-F]+/g, '\\u{$&}')
    .replaceAll(' ', '');
}

const VIRAMA = `[${characters(VIRAMAS)}]`;
const JOINS_ONWARDS = `[[${characters(JOINING_ONWARDS)}]&&\\p{L}]`;
const JOINS = `[[${characters([...JOINING_ONWARDS, ...JOINING_BACK_ONLY])}]&&\\p{L}]`;
const JOINS_BACK = `[${JOINS}--[${characters(JOINING_ONWARDS_ONLY)}]]`;
/** Joining_Type = Transparent, without the format characters that no class lets in. */
const TRANSPARENT = '[\\p{Mn}\\p{Me}]';

/** Matches where a joiner stands and may not. Each joiner looks at its own run of marks only, so the time is linear. */
export const MISPLACED_JOINER = new RegExp(
  `(?<!${VIRAMA})(?:\\u200D|(?<!${JOINS_ONWARDS}${TRANSPARENT}*)\\u200C|\\u200C(?!${TRANSPARENT}*${JOINS_BACK}))`,
  'v',
);
