// Lists common English words that name nothing in biomedical text: as terms of a dictionary they would mark ordinary text.

const WORDS = `
a about above absence accident account act action active activity add
advance affect after again age agent aim air all allow alone along
already also always am among an analysis and another answer any apparent
appear approach are area around as ask aspect assay at attack available
away back bad balance band base basic bat be bear because become bed
been before begin behind being below best better between big black block
blue both break bring brown build burn but by call can cap care carry
case catch cause center central chair chance change chip choice clear
clip clock close cold color come common compare complete complex concern
condition contact content contrast control cool core correct cost could
count course cover cross cut cycle damage dark data date day dead deal
death decline decrease deep defect degree delay depend described design
detect determine develop difference different direct discovery distance
do done dose double down drop due during each early eat effect eight
element eleven end energy enough enter error even event ever every
evidence examine example excess exchange express fact factor fail
failure fall family far fast feature feed feel few field fig figure file
fill final find fine finish fire first fit five fix flag flat flow fly
focus food for force form forward found four frame free fresh from front
full function gain game gap general get give given go goal good grade
great green ground group grow growth had half happy hard has have he
heat heavy help hence her here high him his hit hold hole host hot hour
house how hunt i ice idea if impact important in include increase index
individual inner input inside insult into involve is issue it item its
job join just keep key kind know label lack lag land large laser last
late leaf leak learn least leave left less let level life lift light
like limit line link lip list little live load local long loop loss lot
low made main major make many map march mark marker mask mass master
match material may me mean measure medical meet memory mental method
middle might mild mind minor minute miss mixed mode model moderate
moment month more most move much must my name natural near need negative
net never new next night no none nor normal north not note novel now
number object observe occur of off old on once one only onset open or
order other our out outcome over own pair panel paper part partial pass
past path pattern peak people per perfect period phase pit place plan
plate play point poor positive post potential power present pressure
primary print problem process produce product program progress provide
pump pure put quality question range rapid rate ratio raw reach react
reaction reading ready real reason recent red reduce region regular
relapse related release remain report response rest result return rhythm
rich right ring rise risk role root rose round route row run sad safe
same sample save saw say scale school screen sea search season second
section see seed seem sense serve set seven several severe sex shape
share sharp she shift shock short should show side sign signal similar
simple since single sit site six size slight slow small smoke so social
soft soil some soon sort sound source south space span spark special
spread stable stage stand standard star start state status stay stem
step still stock stop store strain stress strong structure study subject
such suit summer sun supply support surface survival system table tag
tail take target task team technique tell ten tend term test than that
the their them then there these they thin thing think third this those
three through throughout thus tie time tip to together too tool top
total touch toward trace track train transfer transport treat treatment
trial trigger true tube turn twelve twin two type under unit unknown
unstable until up upon us use used value variant various very via view
visit vital volume wait walk wall want warm was wash wave way we weak
week weight well were west wet what wheel when where whether which while
white who whole why wide wild will winter with within without word work
world worse would write year yellow yet yield you young your zero`;

let words: ReadonlySet<string> | null = null;

/** Whether a word in lower case, in the singular, is a common word of English. */
export function isCommonWord(word: string): boolean {
  words ??= new Set(WORDS.trim().split(/\s+/));
  return words.has(word);
}
