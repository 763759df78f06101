// SPDX-License-Identifier: Apache-2.0
// The made-up town of the task facts: what is new is new, every word of it is known from what is old, and no
// wording that is asked for is among those that are learned.
#include "bench/science/facts_world.h"

#include <QtTest>

#include <algorithm>
#include <set>

using namespace orrery::bench;

namespace {

const FactsShape kShape{.numOldPeople = 10, .numPeople = 40, .numNew = 2, .numValues = 10, .vocabSize = 300};
constexpr size_t kOld = 120, kNew = 80;

std::vector<std::string> someProse()
{
    return proseWords("The cat sat on the mat. The dog's bone: 12 of 345, in the house and the house.");
}

/// What is asked for: the sentence without its value.
std::vector<int32_t> promptOf(const FactSentence &sentence)
{
    return {sentence.ids.begin(), sentence.ids.begin() + static_cast<int64_t>(sentence.answerAt)};
}

std::set<std::vector<int32_t>> prompts(const FactsWorld &world, Facts facts, Wordings wordings)
{
    std::set<std::vector<int32_t>> all;
    for (const FactSentence &sentence : world.sentences(facts, wordings)) all.insert(promptOf(sentence));
    return all;
}

} // namespace

class TestFactsWorld : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void splitsProse();
    void countsAreThoseOfTheShape();
    void everyWordOfWhatIsNewIsKnown();
    void whatIsNewIsNotSaidBefore();
    void heldOutWordingsAreNotLearned();
    void sentencesEndWithTheValue();
    void proseFillsTheVocabulary();
    void theSameSeedIsTheSameTown();
    void shuffledTextHasEverySentence();
};

void TestFactsWorld::splitsProse()
{
    const std::vector<std::string> expected = {"it", "'", "s", "0", "%", "of", "a", "b", "."};
    QCOMPARE(proseWords("It's 12%\n of A\tB."), expected);
}

void TestFactsWorld::countsAreThoseOfTheShape()
{
    const FactsWorld world(kShape, 1, someProse());
    QCOMPARE(world.sentences(Facts::New, Wordings::All).size(), kNew * 6);
    QCOMPARE(world.sentences(Facts::New, Wordings::Learned).size(), kNew * 3);
    QCOMPARE(world.sentences(Facts::Old, Wordings::HeldOut).size(), kOld * 3);
    QVERIFY(std::ssize(world.words()) <= kShape.vocabSize);
}

void TestFactsWorld::everyWordOfWhatIsNewIsKnown()
{
    const FactsWorld world(kShape, 2, someProse());
    std::set<int32_t> known;
    for (const FactSentence &sentence : world.sentences(Facts::Old, Wordings::All))
        known.insert(sentence.ids.begin(), sentence.ids.end());
    for (const FactSentence &sentence : world.sentences(Facts::New, Wordings::All))
        for (const int32_t id : sentence.ids)
            QVERIFY2(known.contains(id), world.words()[static_cast<size_t>(id)].c_str());
}

void TestFactsWorld::whatIsNewIsNotSaidBefore()
{
    const FactsWorld world(kShape, 3, someProse());
    const auto old = prompts(world, Facts::Old, Wordings::All);
    QCOMPARE(old.size(), kOld * 6);
    for (const auto &prompt : prompts(world, Facts::New, Wordings::All))
        QVERIFY2(!old.contains(prompt), world.text(prompt).c_str());
}

void TestFactsWorld::heldOutWordingsAreNotLearned()
{
    const FactsWorld world(kShape, 4, someProse());
    const auto learned = prompts(world, Facts::New, Wordings::Learned);
    const auto heldOut = prompts(world, Facts::New, Wordings::HeldOut);
    QCOMPARE(learned.size(), kNew * 3);
    QCOMPARE(heldOut.size(), kNew * 3);
    for (const auto &prompt : heldOut) QVERIFY2(!learned.contains(prompt), world.text(prompt).c_str());
}

void TestFactsWorld::sentencesEndWithTheValue()
{
    const FactsWorld world(kShape, 5, someProse());
    const auto all = world.sentences(Facts::New, Wordings::All);
    for (size_t i = 0; i < all.size(); ++i) {
        QCOMPARE(all[i].answerAt + 2, all[i].ids.size());
        QCOMPARE(world.words()[static_cast<size_t>(all[i].ids.back())], std::string("."));
        // A fact's six wordings stand together and have one value.
        QCOMPARE(all[i].ids[all[i].answerAt], all[i - i % 6].ids[all[i - i % 6].answerAt]);
    }
}

void TestFactsWorld::proseFillsTheVocabulary()
{
    const std::vector<std::string> prose = someProse();
    const auto all = FactsWorld(kShape, 6, prose).encode(prose);
    QCOMPARE(std::count(all.begin(), all.end(), 0), 0);
    // With room for one word more than the town has, it is the most frequent one of prose.
    FactsShape tight = kShape;
    tight.vocabSize = std::ssize(FactsWorld(kShape, 6, {}).words()) + 1;
    const std::vector<std::string> asked = {"0", "cat"};
    const auto ids = FactsWorld(tight, 6, prose).encode(asked);
    QCOMPARE(ids, std::vector<int32_t>({static_cast<int32_t>(tight.vocabSize - 1), 0}));
}

void TestFactsWorld::theSameSeedIsTheSameTown()
{
    const auto textOf = [](uint64_t seed) {
        const FactsWorld world(kShape, seed, someProse());
        return world.text(world.shuffledText(world.sentences(Facts::New, Wordings::All), 1, 0));
    };
    QCOMPARE(textOf(7), textOf(7));
    QVERIFY(textOf(7) != textOf(8));
}

void TestFactsWorld::shuffledTextHasEverySentence()
{
    const FactsWorld world(kShape, 8, someProse());
    const auto sentences = world.sentences(Facts::New, Wordings::Learned);
    size_t once = 0;
    for (const FactSentence &sentence : sentences) once += sentence.ids.size();
    const auto text = world.shuffledText(sentences, 2, 0), other = world.shuffledText(sentences, 2, 1);
    QCOMPARE(text.size(), 2 * once);
    QVERIFY(text != other);
    std::multiset<int32_t> words(text.begin(), text.end()), expected;
    for (int round = 0; round < 2; ++round)
        for (const FactSentence &sentence : sentences)
            expected.insert(sentence.ids.begin(), sentence.ids.end());
    QVERIFY(words == expected);
}

QTEST_GUILESS_MAIN(TestFactsWorld)
#include "tst_facts_world.moc"
