// SPDX-License-Identifier: Apache-2.0
#include "core/base/files.h"
#include "core/store/prompt_archive.h"
#include "core/store/prompt_tokens.h"
#include "core/store/sqlite_db.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace orrery;
using namespace orrery::store;

namespace {

std::vector<GeneratedToken> tokensOf(const std::string &text)
{
    std::vector<GeneratedToken> tokens;
    for (const char byte : text)
        tokens.push_back({static_cast<uint8_t>(byte),
                          std::string(1, byte),
                          0.43,
                          1.25,
                          {{static_cast<uint8_t>(byte), std::string(1, byte), 0.43, 0.5}, {300, " the", 0.2, 0}},
                          0.5});
    return tokens;
}

std::string textOf(const std::vector<GeneratedToken> &tokens)
{
    std::string text;
    for (const GeneratedToken &token : tokens) text += token.bytes;
    return text;
}

PromptSessionChange newSession(const std::string &title, const std::string &answer = {})
{
    PromptSessionChange change;
    change.document = "{\"title\":\"" + title + "\"}";
    change.title = title;
    change.text = title;
    if (answer.empty()) return change;
    change.answers = {{1, 0, tokensOf(answer)}};
    change.keptAnswers = {1};
    return change;
}

QStringList titles(const Result<std::vector<PromptSessionRow>> &rows)
{
    QStringList list;
    if (!rows) return {QString::fromStdString(rows.error().text())};
    for (const PromptSessionRow &row : *rows) list << QString::fromStdString(row.title);
    return list;
}

struct Place {
    Place() { reopen(); }
    void reopen(PromptSearch search = PromptSearch::Indexed)
    {
        archive.reset();
        auto opened = PromptArchive::open(path(), search);
        if (!opened) qFatal("%s", opened.error().text().c_str());
        archive = std::move(*opened);
    }
    int64_t add(const std::string &title, const std::string &answer = {}, int64_t editedUs = 0)
    {
        PromptSessionChange change = newSession(title, answer);
        change.editedUs = editedUs;
        const auto row = archive->save(change);
        if (!row) qFatal("%s", row.error().text().c_str());
        return row->id;
    }
    [[nodiscard]] std::filesystem::path path() const { return folder.filePath("prompts.db").toStdString(); }
    QTemporaryDir folder;
    std::unique_ptr<PromptArchive> archive;
};

} // namespace

class TestPromptArchive : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tokensComeBack();
    void damagedTokensAreRefused();
    void sessionsComeBack();
    void whatCouldNotBeOpenedIsNotKept();
    void answersGrow();
    void answersMayBeCutAndGo();
    void changesOfAnotherWindowAreNotOverwritten();
    void titlesAndPins();
    void deletedOnesComeBack();
    void copiesAreTheirOwn();
    void aDamagedAnswerIsLeftOut();
    void aLockIsNoChange();
    void textsAreFound_data();
    void textsAreFound();
    void aSearchComesInSteps_data();
    void aSearchComesInSteps();
    void aChangedSessionWaitsToBeRead_data() { aSearchComesInSteps_data(); }
    void aChangedSessionWaitsToBeRead();
    void theIndexIsMadeAnew();
    void newerFilesAreLeftAlone();
    void brokenFilesAreRefusedAndPutAside_data();
    void brokenFilesAreRefusedAndPutAside();
    void damageBehindAnOpenFileIsSeen();
    void missingOnesAreTold();
};

void TestPromptArchive::tokensComeBack()
{
    std::vector<GeneratedToken> tokens = tokensOf("ab\xC3");
    tokens[1].probability = 0.123456789;
    tokens[2].alternatives.clear();
    tokens[2].chance = 0;
    const std::string packed = packTokens(tokens);
    const auto back = unpackTokens(packed);
    QVERIFY(back.ok());
    QCOMPARE(back->size(), size_t{3});
    QCOMPARE(textOf(*back), std::string("ab\xC3"));
    QCOMPARE((*back)[1].probability, static_cast<double>(0.123456789F)); // 32 bits of it
    QCOMPARE((*back)[1].entropy, 1.25);
    QCOMPARE((*back)[0].alternatives.size(), size_t{2});
    QCOMPARE((*back)[0].alternatives[1].bytes, std::string(" the"));
    QCOMPARE((*back)[0].alternatives[1].id, 300);
    QVERIFY(std::abs((*back)[0].alternatives[0].probability - 0.43) < 1e-5);
    QVERIFY((*back)[2].alternatives.empty());
    QVERIFY(unpackTokens(packTokens({})).ok());
    // Thousands of alike tokens take little.
    QVERIFY(packTokens(tokensOf(std::string(2'000, 'x'))).size() < 4'000);
}

void TestPromptArchive::damagedTokensAreRefused()
{
    const std::string packed = packTokens(tokensOf("hello"));
    for (size_t cut = 0; cut < packed.size(); ++cut) QVERIFY(!unpackTokens(packed.substr(0, cut)).ok());
    int numRefused = 0;
    for (size_t at = 0; at < packed.size(); ++at) { // it never reads past the end
        std::string wrong = packed;
        wrong[at] = static_cast<char>(wrong[at] ^ 0x55);
        numRefused += unpackTokens(wrong).ok() ? 0 : 1;
    }
    QVERIFY(numRefused > static_cast<int>(packed.size()) / 2);
    const auto refused = unpackTokens("x");
    QCOMPARE(refused.error().code, ErrorCode::Io);
    QCOMPARE(refused.error().message,
             std::string("Cannot read kept tokens: format 120, expected what this program packed."));
}

void TestPromptArchive::sessionsComeBack()
{
    Place place;
    PromptSessionChange change = newSession("first", "answer");
    change.model = "code, step 8,000";
    change.preview = "answer";
    const auto saved = place.archive->save(change);
    QVERIFY(saved.ok());
    QCOMPARE(saved->revision, int64_t{1});
    QVERIFY(saved->createdUs > 0 && saved->editedUs == saved->createdUs);
    place.reopen();
    const auto content = place.archive->load(saved->id);
    QVERIFY(content.ok());
    QCOMPARE(content->document, change.document);
    QCOMPARE(textOf(content->answers.at(1)), std::string("answer"));
    QCOMPARE(content->row.model, change.model);
    QCOMPARE(content->row.numAnswers, int64_t{1});
}

void TestPromptArchive::whatCouldNotBeOpenedIsNotKept()
{
    Place place;
    const int64_t id = place.add("a tale", "once");
    PromptSessionChange change = newSession("a tale");
    change.id = id;
    change.revision = 1;
    change.document.assign((size_t{256} << 20) + 1, 'x');
    const auto refused = place.archive->save(change);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    for (const char *part : {"Cannot save prompt session \"a tale\"", "it has 268435457 bytes", "expected at most 268435456 (256 MiB)", "save the session as a file"})
        QVERIFY2(refused.error().text().find(part) != std::string::npos, refused.error().text().c_str());
    // As it was, and no new one of its kind either.
    const auto kept = place.archive->load(id);
    QVERIFY(kept.ok());
    QCOMPARE(kept->row.revision, int64_t{1});
    QCOMPARE(kept->document, std::string("{\"title\":\"a tale\"}"));
    QCOMPARE(textOf(kept->answers.at(1)), std::string("once"));
    change.id = change.revision = 0;
    QVERIFY(!place.archive->save(change).ok());
    QCOMPARE(titles(place.archive->list({})), QStringList{QStringLiteral("a tale")});
}

void TestPromptArchive::answersGrow()
{
    Place place;
    PromptSessionChange change = newSession("a", "0");
    auto row = place.archive->save(change);
    std::string whole = "0";
    for (int i = 1; i < 60; ++i) { // across the ends of pieces
        const std::string more(static_cast<size_t>(i * 7 % 190), static_cast<char>('a' + i % 26));
        change.id = row->id;
        change.revision = row->revision;
        change.answers = {{1, static_cast<int64_t>(whole.size()), tokensOf(more)}};
        row = place.archive->save(change);
        QVERIFY2(row.ok(), row ? "" : row.error().text().c_str());
        whole += more;
    }
    QVERIFY(whole.size() > 4'096);
    QCOMPARE(textOf(place.archive->load(row->id)->answers.at(1)), whole);
    // Tokens that nobody sent are missing: what is there stays.
    change.id = row->id;
    change.revision = row->revision;
    change.answers = {{1, static_cast<int64_t>(whole.size()) + 5, tokensOf("x")}};
    QCOMPARE(place.archive->save(change).error().code, ErrorCode::Conflict);
    QCOMPARE(textOf(place.archive->load(row->id)->answers.at(1)), whole);
    QCOMPARE(place.archive->row(row->id)->revision, row->revision);
}

void TestPromptArchive::answersMayBeCutAndGo()
{
    Place place;
    PromptSessionChange change = newSession("a", std::string(5'000, 'x'));
    change.answers.push_back({2, 0, tokensOf("other")});
    change.keptAnswers = {1, 2};
    auto row = place.archive->save(change);
    change.id = row->id;
    change.revision = row->revision;
    change.answers = {{1, 3, tokensOf("yz")}};
    change.keptAnswers = {1};
    row = place.archive->save(change);
    QVERIFY(row.ok());
    const auto content = place.archive->load(row->id);
    QCOMPARE(textOf(content->answers.at(1)), std::string("xxxyz"));
    QVERIFY(!content->answers.contains(2));
    change.revision = row->revision;
    change.answers = {{1, 0, {}}};
    QVERIFY(place.archive->save(change).ok());
    QVERIFY(place.archive->load(row->id)->answers.empty());
}

void TestPromptArchive::changesOfAnotherWindowAreNotOverwritten()
{
    Place place;
    const int64_t id = place.add("a");
    auto other = PromptArchive::open(place.path());
    QVERIFY(other.ok());
    PromptSessionChange mine = newSession("mine"), theirs = newSession("theirs");
    mine.id = theirs.id = id;
    mine.revision = theirs.revision = 1;
    QVERIFY((*other)->save(theirs).ok());
    const auto refused = place.archive->save(mine);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QCOMPARE(refused.error().message,
             "Cannot save prompt session " + std::to_string(id) +
                 ": another window changed or deleted it, expected the content that this one began with.");
    QCOMPARE(place.archive->row(id)->title, std::string("theirs"));
    mine.revision = 2;
    QVERIFY((*other)->remove(id).ok());
    QCOMPARE(place.archive->save(mine).error().code, ErrorCode::Conflict);
}

void TestPromptArchive::titlesAndPins()
{
    Place place;
    const int64_t first = place.add("first", {}, 1'000), second = place.add("second", {}, 2'000);
    QCOMPARE(titles(place.archive->list("")), (QStringList{"second", "first"}));
    QVERIFY(place.archive->pin(first, true)->isPinned);
    QCOMPARE(titles(place.archive->list("")), (QStringList{"first", "second"}));
    QCOMPARE(place.archive->rename(second, "named")->title, std::string("named"));
    PromptSessionChange change = newSession("other words");
    change.id = second;
    change.revision = 1;
    QCOMPARE(place.archive->save(change)->title, std::string("named")); // a person gave it
    QCOMPARE(place.archive->rename(second, "")->title, std::string("other words"));
    change.revision = 2;
    change.keepsTime = true;
    const int64_t before = place.archive->row(second)->editedUs;
    QCOMPARE(place.archive->save(change)->editedUs, before);
}

void TestPromptArchive::deletedOnesComeBack()
{
    Place place;
    const int64_t id = place.add("a", "answer");
    QVERIFY(place.archive->remove(id).ok());
    QVERIFY(titles(place.archive->list("")).isEmpty());
    QCOMPARE(place.archive->load(id).error().code, ErrorCode::NotFound);
    QCOMPARE(place.archive->remove(id).error().code, ErrorCode::NotFound);
    place.reopen();
    QCOMPARE(place.archive->bringBack(id)->title, std::string("a"));
    QCOMPARE(textOf(place.archive->load(id)->answers.at(1)), std::string("answer"));
    // After a day it goes for good, with its tokens.
    QVERIFY(place.archive->remove(id).ok());
    place.archive.reset();
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("UPDATE session SET deleted_us=deleted_us-90000000000").ok());
    }
    place.reopen();
    QCOMPARE(place.archive->bringBack(id).error().code, ErrorCode::NotFound);
    auto database = Database::open(place.path(), OpenMode::Read);
    QCOMPARE(*(*database)->queryInteger("SELECT count(*) FROM answer_tokens"), int64_t{0});
}

void TestPromptArchive::copiesAreTheirOwn()
{
    Place place;
    const int64_t id = place.add("a", "answer");
    const auto copy = place.archive->duplicate(id, "a (copy)");
    QVERIFY(copy.ok() && copy->id != id);
    QCOMPARE(copy->title, std::string("a (copy)"));
    QVERIFY(place.archive->remove(id).ok());
    QCOMPARE(textOf(place.archive->load(copy->id)->answers.at(1)), std::string("answer"));
    QCOMPARE(titles(place.archive->list("answer")), QStringList{"a (copy)"});
    QCOMPARE(place.archive->duplicate(99, "x").error().code, ErrorCode::NotFound);
}

void TestPromptArchive::aDamagedAnswerIsLeftOut()
{
    Place place;
    PromptSessionChange change = newSession("first", std::string(3'000, 'x') + " fox");
    change.answers.push_back({2, 0, tokensOf("jumps high")});
    change.keptAnswers = {1, 2};
    auto row = place.archive->save(change);
    place.add("second", "over the dog");
    const auto numPieces = [&place] {
        auto database = Database::open(place.path(), OpenMode::Write);
        return *(*database)->queryInteger("SELECT count(*) FROM answer_tokens WHERE session=1 AND answer=1");
    };
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("UPDATE answer_tokens SET data=x'01' WHERE session=1 AND answer=1 AND first=0").ok());
    }
    QCOMPARE(titles(place.archive->list("high")), QStringList{"first"}); // the rest of it is found, and the others are
    QCOMPARE(titles(place.archive->list("fox")), QStringList{"first"});
    QCOMPARE(titles(place.archive->list("dog")), QStringList{"second"});
    const auto content = place.archive->load(row->id);
    QVERIFY(content.ok());
    QCOMPARE(content->numDamaged, int64_t{1});
    QVERIFY(!content->answers.contains(1));
    QCOMPARE(textOf(content->answers.at(2)), std::string("jumps high"));
    // Its bytes stay when the session is changed.
    change.id = row->id;
    change.revision = row->revision;
    change.answers = {{2, 10, tokensOf("er")}};
    QVERIFY(place.archive->save(change).ok());
    QCOMPARE(numPieces(), int64_t{2});
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("UPDATE session_document SET words=x'01' WHERE session=1").ok());
    }
    QCOMPARE(titles(place.archive->list("higher")), QStringList{"first"});
}

void TestPromptArchive::aLockIsNoChange()
{
    Place place;
    const int64_t id = place.add("a");
    PromptSessionChange change = newSession("b");
    change.id = id;
    change.revision = 1;
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("BEGIN IMMEDIATE").ok());
        const auto refused = place.archive->save(change); // after five seconds
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::Unavailable);
        QVERIFY(refused.error().message.ends_with("another program keeps it locked."));
    }
    QVERIFY(place.archive->save(change).ok());
}

void TestPromptArchive::textsAreFound_data()
{
    QTest::addColumn<bool>("isIndexed");
    QTest::newRow("index") << true;
    QTest::newRow("reading") << false;
}

void TestPromptArchive::textsAreFound()
{
    QFETCH(bool, isIndexed);
    Place place;
    place.reopen(isIndexed ? PromptSearch::Indexed : PromptSearch::Reading);
    QCOMPARE(place.archive->hasIndex(), isIndexed);
    const int64_t one = place.add("Loops in C", "for (int i = 0; i < 100%; ++i)", 1'000);
    place.add("Poem", "The fox\" jumps, 日本語です", 2'000);
    const auto found = [&place](const char *text) { return titles(place.archive->list(text)); };
    // A pasted prompt of two thousand words: SQLite takes no expression of that many conditions.
    std::string pasted;
    for (int i = 0; i < 2000; ++i) pasted += "ab ";
    QVERIFY(place.archive->list(pasted).ok());
    QVERIFY(place.archive->list("in " + std::string(60'000, 'x')).ok());
    QVERIFY(!place.archive->isDamaged());
    QCOMPARE(found("loops"), QStringList{"Loops in C"});
    QCOMPARE(found("JUMPS fox"), QStringList{"Poem"}); // all words, in any order
    QCOMPARE(found("fox int"), QStringList());
    QCOMPARE(found("oop"), QStringList{"Loops in C"}); // within a word
    QCOMPARE(found("100%"), QStringList{"Loops in C"});
    QCOMPARE(found("0%0"), QStringList());
    QCOMPARE(found("fox\""), QStringList{"Poem"});
    QCOMPARE(found("日本"), QStringList{"Poem"});   // too short for the index
    QCOMPARE(found("日本語"), QStringList{"Poem"});
    QCOMPARE(found("i"), (QStringList{"Loops in C"}));
    QCOMPARE(found("AND OR NOT (*"), QStringList()); // words, no language
    QVERIFY(place.archive->rename(one, "Counting").ok());
    QCOMPARE(found("count"), QStringList{"Counting"});
    QCOMPARE(found("loops"), QStringList{"Counting"}); // its prompt has it
    PromptSessionChange change = newSession("nothing");
    change.id = one;
    change.revision = 1;
    QVERIFY(place.archive->save(change).ok());
    QCOMPARE(found("loops"), QStringList()); // what it was is forgotten
    QVERIFY(place.archive->remove(one).ok());
    QCOMPARE(found("counting"), QStringList());
    QVERIFY(!*place.archive->indexSome());
}

void TestPromptArchive::aSearchComesInSteps_data()
{
    QTest::addColumn<bool>("isIndexed");
    QTest::addColumn<QString>("word");
    QTest::newRow("index") << true << QStringLiteral("needle");
    QTest::newRow("index, a short word") << true << QStringLiteral("ne");
    QTest::newRow("reading") << false << QStringLiteral("needle");
}

void TestPromptArchive::aSearchComesInSteps()
{
    QFETCH(bool, isIndexed);
    QFETCH(QString, word);
    Place place;
    place.reopen(isIndexed ? PromptSearch::Indexed : PromptSearch::Reading);
    constexpr int kSessions = 60;
    for (int i = 0; i < kSessions; ++i)
        place.add("title " + std::to_string(i), i % 2 == 0 ? "a needle" : "hay", 1'000 + i);
    QStringList seen;
    int64_t numUnread = kSessions;
    int numSteps = 0;
    for (PromptSearchPart part = PromptSearchPart::Begin; numUnread > 0; part = PromptSearchPart::GoOn) {
        const auto step = place.archive->search(word.toStdString(), part, std::chrono::milliseconds(0));
        QVERIFY2(step.ok(), step ? "" : step.error().text().c_str());
        QVERIFY(step->numUnread < numUnread);
        numUnread = step->numUnread;
        ++numSteps;
        for (const PromptSessionRow &row : step->rows) seen << QString::fromStdString(row.title);
    }
    QVERIFY(numSteps >= kSessions / 20);
    QCOMPARE(seen.size(), kSessions / 2);
    QCOMPARE(seen.first(), QStringLiteral("title 58")); // the last edited first
    QCOMPARE(seen.last(), QStringLiteral("title 0"));
    // Begun anew it finds all at once, and of one that was written since as well.
    place.add("title 60", "a needle", 5'000);
    const auto again = place.archive->search(word.toStdString(), PromptSearchPart::Begin, std::chrono::milliseconds(0));
    QCOMPARE(titles(again ? Result<std::vector<PromptSessionRow>>(again->rows) : again.error()).size(), kSessions / 2 + 1);
    QCOMPARE(again->numUnread, int64_t{0});
    QVERIFY(place.archive->search("", PromptSearchPart::Begin, std::chrono::milliseconds(0))->numUnread == 0);
}

/// What was written over is not found by what it was, also before it has been read again.
void TestPromptArchive::aChangedSessionWaitsToBeRead()
{
    QFETCH(bool, isIndexed);
    QFETCH(QString, word);
    Place place;
    place.reopen(isIndexed ? PromptSearch::Indexed : PromptSearch::Reading);
    constexpr int kSessions = 60;
    std::vector<int64_t> ids;
    for (int i = 0; i < kSessions; ++i) ids.push_back(place.add("needle " + std::to_string(i)));
    QCOMPARE(titles(place.archive->list(word.toStdString())).size(), kSessions);
    for (const int64_t id : ids) {
        PromptSessionChange change = newSession("straw");
        change.id = id;
        change.revision = 1;
        QVERIFY(place.archive->save(change).ok());
    }
    const auto step = place.archive->search(word.toStdString(), PromptSearchPart::Begin, std::chrono::milliseconds(0));
    QVERIFY(step.ok());
    QVERIFY2(step->numUnread > 0, "nothing is left to be read again");
    QCOMPARE(step->rows.size(), size_t{0});
    QCOMPARE(titles(place.archive->list(word.toStdString())), QStringList());
}

void TestPromptArchive::theIndexIsMadeAnew()
{
    Place place;
    place.add("first", "alpha");
    QCOMPARE(titles(place.archive->list("alpha")), QStringList{"first"});
    place.reopen(PromptSearch::Reading); // a program without FTS5
    place.add("second", "beta");
    QCOMPARE(titles(place.archive->list("beta")), QStringList{"second"});
    place.reopen();
    QCOMPARE(titles(place.archive->list("beta")), QStringList{"second"});
    QCOMPARE(titles(place.archive->list("alpha")), QStringList{"first"});
}

void TestPromptArchive::newerFilesAreLeftAlone()
{
    Place place;
    place.add("a");
    place.archive.reset();
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("PRAGMA user_version=7; PRAGMA wal_checkpoint(TRUNCATE)").ok());
    }
    const auto before = readFile(place.path(), 1 << 20);
    const auto refused = PromptArchive::open(place.path());
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QCOMPARE(refused.error().message,
             "Cannot open \"" + place.path().string() + "\": its version is 7, expected 1 or older.");
    QCOMPARE(*readFile(place.path(), 1 << 20), *before);
}

void TestPromptArchive::brokenFilesAreRefusedAndPutAside_data()
{
    QTest::addColumn<QString>("what");
    for (const char *what : {"text", "short", "cut", "page", "foreign"}) QTest::newRow(what) << what;
}

void TestPromptArchive::brokenFilesAreRefusedAndPutAside()
{
    QFETCH(QString, what);
    Place place;
    for (int i = 0; i < 40; ++i) place.add("session " + std::to_string(i), std::string(3'000, static_cast<char>('a' + i % 26)));
    place.archive.reset();
    {
        auto database = Database::open(place.path(), OpenMode::Write);
        QVERIFY((*database)->exec("PRAGMA wal_checkpoint(TRUNCATE)").ok());
        if (what == u"foreign") QVERIFY((*database)->exec("PRAGMA application_id=1").ok());
        QVERIFY((*database)->exec("PRAGMA wal_checkpoint(TRUNCATE)").ok());
    }
    std::string bytes = *readFile(place.path(), 1 << 24);
    if (what == u"text") bytes = std::string(5'000, 'x');
    if (what == u"short") bytes = "hello";
    if (what == u"cut") bytes.resize(bytes.size() / 2);
    if (what == u"page")
        for (size_t at = 4'096; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 7);
    QVERIFY(writeFileAtomically(place.path(), bytes).ok());
    const auto refused = PromptArchive::open(place.path());
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QVERIFY2(refused.error().message.find("prompts.db") != std::string::npos, refused.error().message.c_str());
    QVERIFY2(refused.error().message.find("archive of prompt sessions") != std::string::npos,
             refused.error().message.c_str());
    const auto first = putAside(place.path(), 1'800'000'000);
    QVERIFY(first.ok());
    QCOMPARE(first->filename().string(), std::string("prompts.db.broken-20270115-080000"));
    QCOMPARE(*readFile(*first, 1 << 24), bytes);
    place.reopen();
    place.add("new");
    place.archive.reset();
    QCOMPARE(putAside(place.path(), 1'800'000'000)->filename().string(),
             std::string("prompts.db.broken-20270115-080000-2"));
}

void TestPromptArchive::damageBehindAnOpenFileIsSeen()
{
    Place place;
    for (int i = 0; i < 10; ++i) place.add("session " + std::to_string(i), std::string(3'000, static_cast<char>('a' + i)));
    QVERIFY(!place.archive->isDamaged());
    auto database = Database::open(place.path(), OpenMode::Write);
    QVERIFY((*database)->exec("UPDATE session SET preview='x'; PRAGMA wal_checkpoint(TRUNCATE)").ok());
    QFile file(QString::fromStdString(place.path().string()));
    QVERIFY(file.open(QIODevice::ReadWrite) && file.seek(4'096));
    file.write(QByteArray(static_cast<qsizetype>(file.size() - 4'096), 'x'));
    file.close();
    QVERIFY(place.archive->isDamaged());
}

void TestPromptArchive::missingOnesAreTold()
{
    Place place;
    const auto missing = place.archive->load(7);
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QCOMPARE(missing.error().message,
             std::string("Cannot open prompt session 7: it is not in the archive any more, expected one of the list."));
    QCOMPARE(place.archive->rename(7, "x").error().code, ErrorCode::NotFound);
    QCOMPARE(place.archive->pin(7, true).error().code, ErrorCode::NotFound);
    QCOMPARE(place.archive->bringBack(7).error().code, ErrorCode::NotFound);
    QCOMPARE(PromptArchive::open("/nowhere/prompts.db").error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestPromptArchive)
#include "tst_prompt_archive.moc"
