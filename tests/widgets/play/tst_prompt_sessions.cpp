// SPDX-License-Identifier: GPL-3.0-or-later
// Prompt sessions as the playground keeps them: what is saved and when, what comes back, and files of them.
#include "fake_archive.h"
#include "talk_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/view_link.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_file.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/token_view.h"

#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

/// A playground whose sessions are kept.
struct Keeping : Talk {
    Keeping()
    {
        panel->setMode(PlayMode::Continue);
        panel->promptEditor()->clear();
        panel->setArchive(archive);
        keeper = panel->keeper();
    }
    void settle()
    {
        QVERIFY(QTest::qWaitFor([this] { return keeper->isKept(); }, 20'000));
    }
    void ask(const QString &prompt, const std::string &said)
    {
        panel->promptEditor()->setPlainText(prompt);
        panel->generate();
        answer(said, FinishReason::MaxTokens);
    }
    FakeArchive archive;
    SessionKeeper *keeper;
};

/// A keeper over a state that a test sets.
struct Desk {
    void change(SessionState next)
    {
        state = std::move(next);
        keeper.noteChange();
    }
    SessionState state;
    FakeArchive archive;
    SessionKeeper keeper{archive, {[this] { return state; }, [this](const SessionState &shown) { state = shown; }, [] {}}};
};

SessionState stateOf(const std::string &said, bool isChosen)
{
    SessionState state;
    state.prompt = u"Hello"_s;
    auto version = std::make_shared<GenerationVersion>();
    version->tokens = tokensOf(said);
    version->isChosen = isChosen;
    state.versions = {version};
    state.shown = 0;
    return state;
}

SessionState stateWithAll()
{
    SessionState state;
    state.mode = PlayMode::Converse;
    state.model = u"code@8000"_s;
    state.sampling.topK = 40;
    state.sampling.stop = {"\n\n"};
    state.sampling.maxTokens = 77;
    state.seesWhole = true;
    state.prompt = u"a “prompt”"_s;
    state.message = u"next"_s;
    state.files = QStringList{u"/a/cat.png"_s};
    auto first = std::make_shared<GenerationVersion>();
    first->model = u"code"_s;
    first->modelTitle = u"code"_s;
    first->request.prompt = "Hello \xC3";
    first->tokens = tokensOf("ab\xC3\"\\\n");
    first->tokens[1].alternatives.clear();
    first->tokens[2].chance = first->tokens[2].alternatives[0].chance = 0.125;
    first->info = ModelInfoValue{u"code@8000"_s, 8'000, 7'000'000, 128, {}};
    first->summary = summaryOf(FinishReason::MaxTokens);
    auto second = std::make_shared<GenerationVersion>(*first);
    second->parent = first;
    second->partsAt = 1;
    second->request.answerIds = {'a'};
    second->request.infill = "behind";
    first->request.mask = "prefix";
    state.versions = {first, second};
    state.shown = 1;
    const auto answerOf = [](const std::string &text) {
        auto version = std::make_shared<GenerationVersion>();
        version->modelTitle = u"code"_s;
        version->isAnswer = true;
        version->tokens = tokensOf(text);
        return version;
    };
    auto kept = std::make_shared<GenerationVersion>();
    kept->isAnswer = true;
    kept->keptText = "only its text";
    auto user = std::make_shared<Turn>(Turn{TurnRole::User, "hi", {unreadAttachment(u"/a/b.png"_s), lostAttachment(u"p.png"_s)}, {}, 0});
    auto talk = std::make_shared<Turn>(Turn{TurnRole::Assistant, {}, {}, {answerOf("one"), kept}, 1});
    talk->behind[talk->versions[0]] = {std::make_shared<Turn>(Turn{TurnRole::User, "more", {}, {}, 0}),
                                       std::make_shared<Turn>(Turn{TurnRole::Assistant, {}, {}, {answerOf("yes")}, 0})};
    state.turns = {user, talk};
    SamplingSettings own;
    own.temperature = 1.5;
    state.columns = {{u"code@4000"_s, std::nullopt, answerOf("left")}, {u"code@8000"_s, own, nullptr}};
    return state;
}

void compareAll(const SessionState &read)
{
    QCOMPARE(read.mode, PlayMode::Converse);
    QCOMPARE(read.sampling.topK, 40);
    QCOMPARE(read.sampling.maxTokens, 77);
    QVERIFY(read.seesWhole);
    QCOMPARE(read.sampling.stop, std::vector<std::string>{"\n\n"});
    QCOMPARE(read.prompt, u"a “prompt”"_s);
    QCOMPARE(read.files, QStringList{u"/a/cat.png"_s});
    QCOMPARE(read.versions.size(), size_t{2});
    QCOMPARE(read.shown, 1);
    const GenerationVersion &first = *read.versions[0], &second = *read.versions[1];
    QCOMPARE(first.request.prompt, std::string("Hello \xC3"));
    QCOMPARE(second.request.prompt, std::string("Hello \xC3"));
    QCOMPARE(first.text(), std::string("ab\xC3\"\\\n"));
    QVERIFY(first.tokens[1].alternatives.empty());
    QVERIFY(std::abs(first.tokens[0].probability - 0.43) < 1e-7);
    QCOMPARE(first.tokens[0].alternatives.at(1).bytes, std::string("z"));
    QCOMPARE(first.tokens[2].chance, 0.125);
    QCOMPARE(first.info->step, qint64{8'000});
    QCOMPARE(first.summary->reason, FinishReason::MaxTokens);
    QVERIFY(second.parent.lock() == read.versions[0]);
    QCOMPARE(second.partsAt, 1);
    QCOMPARE(first.request.mask, std::string("prefix"));
    QVERIFY(second.request.mask.empty());
    QCOMPARE(second.request.infill.value_or(""), std::string("behind"));
    QCOMPARE(second.request.answerIds, std::vector<int32_t>{'a'});
    QCOMPARE(read.turns.size(), size_t{2});
    QVERIFY(read.turns[0]->attachments[0]->isBeingRead && read.turns[0]->attachments[1]->isMissing());
    const Turn &talk = *read.turns[1];
    QCOMPARE(talk.text(), std::string("only its text"));
    QCOMPARE(talk.behind.size(), size_t{1});
    QCOMPARE(talk.behind.begin()->second[1]->text(), std::string("yes"));
    QCOMPARE(read.columns.size(), size_t{2});
    QCOMPARE(read.columns[0].version->text(), std::string("left"));
    QCOMPARE(read.columns[1].sampling->temperature, 1.5);
    QVERIFY(!read.columns[0].sampling && !read.columns[1].version);
}

} // namespace

class TestPromptSessions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void filesReadBackAsTheyWere();
    void filesAreForPeopleToo();
    void pagesHaveOneOrAllVersions();
    void otherFilesAreRefused_data();
    void otherFilesAreRefused();
    void sessionsTakeAnything();
    void whatIsWrittenIsKeptSoon();
    void answersAreKeptWhileTheyCome();
    void onlyNewTokensAreSent();
    void longAnswersGoInParts();
    void longChosenAnswersComeToAnEnd();
    void nothingIsKeptOfNothing();
    void toOpenIsNotToEdit();
    void sessionsComeBackWhole();
    void theOneBeforeIsKeptFirst();
    void theOpenOneMayBeChosenAgain();
    void aFailedSaveKeepsItOpen();
    void whatWasNotKeptMayBeDeleted();
    void anotherWindowMakesACopy();
    void aNewOneKeepsModelAndSettings();
    void aLinkBringsBackTheAnswerAndItsToken();
    void aLinkOfAnotherComputerTakesNothingAway();
    void aLinkTakesNoAnswersOfColumns();
    void oldDraftsBecomeSessions();
    void theEndOfTheWindowKeepsAll();
};

void TestPromptSessions::filesReadBackAsTheyWere()
{
    SessionSnapshot snapshot = sessionSnapshot(stateWithAll());
    snapshot.entry.title = u"named"_s;
    snapshot.entry.hasOwnTitle = snapshot.entry.isPinned = true;
    snapshot.entry.createdUs = 1'700'000'000'123'000;
    const QByteArray json = sessionJson(snapshot);
    Result<SessionContent> read = readSessionJson(json, u"a.json"_s);
    QVERIFY2(read.ok(), read ? "" : read.error().text().c_str());
    QCOMPARE(read->entry.title, u"named"_s);
    QVERIFY(read->entry.hasOwnTitle && read->entry.isPinned);
    QCOMPARE(read->entry.createdUs, qint64{1'700'000'000'123'000});
    SessionContent again = *read;
    compareAll(sessionState(std::move(*read)));
    // And once more the same bytes.
    SessionSnapshot second = sessionSnapshot(std::move(again));
    QCOMPARE(sessionJson(second), json);
}

void TestPromptSessions::filesAreForPeopleToo()
{
    const QJsonObject json = QJsonDocument::fromJson(sessionJson(sessionSnapshot(stateWithAll()))).object();
    QCOMPARE(json.value("format"_L1).toString(), u"orrery-prompt-session"_s);
    const QJsonObject answer = json.value("answers"_L1).toArray().at(0).toObject();
    QCOMPARE(answer.value("loaded"_L1).toString(), u"code@8000"_s);
    QCOMPARE(answer.value("sampling"_L1).toObject().value("seed"_L1).toString(), u"0"_s);
    QCOMPARE(answer.value("text"_L1).toObject().value("hex"_L1).toString(), u"6162c3225c0a"_s); // no text as a whole
    const QJsonObject token = answer.value("tokens"_L1).toArray().at(0).toObject();
    QCOMPARE(token.value("p"_L1).toDouble(), 0.43);
    QCOMPARE(token.value("alternatives"_L1).toArray().at(1).toObject().value("text"_L1).toString(), u"z"_s);
    QCOMPARE(answer.value("tokens"_L1).toArray().at(2).toObject().value("text"_L1).toObject().value("hex"_L1).toString(), u"c3"_s);
    // The second version of the prompt names it, and does not repeat it.
    QVERIFY(json.value("answers"_L1).toArray().at(1).toObject().value("prompt_as"_L1).toInteger() > 0);
}

void TestPromptSessions::pagesHaveOneOrAllVersions()
{
    SessionState state = stateWithAll();
    SessionSnapshot talk = sessionSnapshot(state);
    talk.entry.title = u"A talk"_s;
    const QString shown = sessionMarkdown(talk, ExportedVersions::Shown);
    QVERIFY2(shown.startsWith(u"# A talk\n\n## User\n\nWith b.png.\n\nWith p.png.\n\n```text\nhi\n```\n\n## Assistant"_s), qPrintable(shown));
    QVERIFY(shown.contains(u"only its text"_s) && !shown.contains(u"yes"_s));
    const QString all = sessionMarkdown(talk, ExportedVersions::All);
    for (const QString &text : {u"## Assistant, version 1 of 2"_s, u"### After this version"_s, u"yes"_s, u"## Answer, version 2"_s,
                                u"code, step 8,000, temperature 0.8, seed 0"_s, u"## Column 1"_s, u"## Text behind the hole"_s})
        QVERIFY2(all.contains(text), qPrintable(text + u"\n"_s + all));
    state.mode = PlayMode::Continue;
    const QString prompt = sessionMarkdown(sessionSnapshot(state), ExportedVersions::Shown);
    QVERIFY(prompt.contains(u"## Prompt"_s) && prompt.contains(u"## Answer\n"_s) && !prompt.contains(u"## User"_s));
}

void TestPromptSessions::otherFilesAreRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("found");
    QTest::newRow("no JSON") << QByteArray("{\"a\":") << u"it is no JSON at byte"_s;
    QTest::newRow("another") << QByteArray("{\"messages\":[]}") << u"it does not say its format"_s;
    QTest::newRow("foreign") << QByteArray("{\"format\":\"chat\"}") << u"its format is \"chat\""_s;
    QTest::newRow("newer") << QByteArray("{\"format\":\"orrery-prompt-session\",\"version\":9}")
                           << u"its version is 9, and this program reads 1"_s;
    // A value that is none would be shown as one.
    const auto withAnswers = [](const QByteArray &answers) {
        return "{\"format\":\"orrery-prompt-session\",\"version\":1,\"answers\":" + answers + '}';
    };
    const auto withToken = [&withAnswers](const QByteArray &token) {
        return withAnswers(R"([{"key":1,"text":"a"},{"key":2,"tokens":[{"id":1,"text":"a","p":0.5,"entropy":1},)" + token + "]}]");
    };
    QTest::newRow("no list of answers") << withAnswers("{}") << u"answers is {}, which is no list"_s;
    QTest::newRow("an answer that is none") << withAnswers("[7]") << u"answer 1 is 7, which is no object"_s;
    QTest::newRow("no list of tokens") << withAnswers(R"([{"tokens":"no"}])") << u"answer 1: tokens is \"no\", which is no list"_s;
    QTest::newRow("a token that is none") << withToken("3") << u"answer 2, token 2: it is 3, which is no object"_s;
    QTest::newRow("a probability that is a word") << withToken(R"({"id":1,"text":"b","p":"x","entropy":1})")
                                                  << u"answer 2, token 2: p is \"x\", which is no number from 0 to 1"_s;
    QTest::newRow("a probability above 1") << withToken(R"({"id":1,"text":"b","p":1.5,"entropy":1})")
                                           << u"answer 2, token 2: p is 1.5, which is no number from 0 to 1"_s;
    QTest::newRow("a chance below 0") << withToken(R"({"id":1,"text":"b","p":1,"chance":-1,"entropy":1})")
                                      << u"answer 2, token 2: chance is -1, which is no number from 0 to 1"_s;
    QTest::newRow("no entropy") << withToken(R"({"id":1,"text":"b","p":1})")
                                << u"answer 2, token 2: entropy is missing, which is no number from 0 on"_s;
    QTest::newRow("no text") << withToken(R"({"id":1,"text":4,"p":1,"entropy":0})") << u"answer 2, token 2: text is 4, which is no text"_s;
    QTest::newRow("no id") << withToken(R"({"id":-1,"text":"b","p":1,"entropy":0})")
                           << u"answer 2, token 2: id is -1, which is no number of a token"_s;
    QTest::newRow("an alternative that is none") << withToken(R"({"id":1,"text":"b","p":1,"entropy":0,"alternatives":[{"id":2,"text":"c","p":[]}]})")
                                                 << u"answer 2, token 2: of an alternative p is [], which is no number from 0 to 1"_s;
}

void TestPromptSessions::otherFilesAreRefused()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, found);
    const Result<SessionContent> refused = readSessionJson(json, u"a.json"_s);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    const QString message = QString::fromStdString(refused.error().message);
    QVERIFY2(message.startsWith(u"Cannot open \"a.json\": "_s + found), qPrintable(message));
    QVERIFY(!refused.error().hint.empty());
    QCOMPARE(readSessionFile(u"/nowhere/a.json"_s).error().code, ErrorCode::NotFound);
    const QTemporaryDir folder;
    QFile large(folder.filePath(u"large.json"_s)); // of 1 GB, without taking that room
    QVERIFY(large.open(QIODevice::WriteOnly) && large.resize(qint64{1} << 30));
    const Result<SessionContent> tooLarge = readSessionFile(large.fileName());
    QCOMPARE(QString::fromStdString(tooLarge.error().message),
             u"Cannot open \"large.json\": it has 1 GiB, and 512 MiB are read at most, expected a prompt session as JSON."_s);
    const Result<void> ending = saveSession({}, ExportedVersions::All, u"a.pdf"_s);
    QCOMPARE(QString::fromStdString(ending.error().message),
             u"Cannot save the session as \"a.pdf\": its ending is \".pdf\", expected .json or .md."_s);
    QCOMPARE(saveSession({}, ExportedVersions::All, u"/nowhere/a.md"_s).error().code, ErrorCode::Io);
}

void TestPromptSessions::sessionsTakeAnything()
{
    const auto stateOf = [](const char *document) {
        return sessionState({{}, QJsonDocument::fromJson(document).object(), {}});
    };
    QVERIFY(stateOf("{}").isEmpty());
    const SessionState state = stateOf(R"({"mode":"teach","shown":9,"versions":[7,1,1],"answers":[4,{"key":-1},
        {"key":1,"parent":1,"parts_at":-4,"given":99,"sampling":{"temperature":99}},{"key":1}],
        "turns":[3,{"role":"bot"},{"role":"assistant","answers":[8]},{"role":"user","content":{"hex":"zz"}},
        {"role":"system","content":"late"}],"columns":[{},{"answer":1}]})");
    QCOMPARE(state.mode, PlayMode::Continue);
    QCOMPARE(state.versions.size(), size_t{2});
    QVERIFY(state.versions[0]->parent.expired());
    QCOMPARE(state.versions[0]->request.sampling.temperature, 10.0);
    QCOMPARE(state.turns.size(), size_t{1});
    QCOMPARE(state.columns.size(), size_t{2});
}

void TestPromptSessions::whatIsWrittenIsKeptSoon()
{
    Keeping play;
    QSignalSpy opened(play.keeper, &SessionKeeper::currentChanged);
    QElapsedTimer time;
    time.start();
    play.panel->promptEditor()->setPlainText(u"Once upon a time"_s);
    // Somebody types on and on: the saving is not put off.
    while (play.archive.sessions.empty() && time.elapsed() < 5'000) {
        QTest::qWait(20);
        play.panel->promptEditor()->insertPlainText(u"x"_s);
    }
    QVERIFY2(time.elapsed() < 1'000, qPrintable(QString::number(time.elapsed())));
    play.settle();
    QCOMPARE(play.archive.sessions.size(), size_t{1});
    QCOMPARE(opened.count(), 1);
    const SessionContent &content = play.archive.content(play.keeper->session());
    QVERIFY(content.entry.title.endsWith(u"Once upon a time"_s));
    QCOMPARE(content.document.value("composer"_L1).toObject().value("prompt"_L1).toString(), play.panel->promptEditor()->toPlainText());
}

void TestPromptSessions::answersAreKeptWhileTheyCome()
{
    Keeping play;
    play.panel->promptEditor()->setPlainText(u"Hello"_s);
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("wor"));
    play.settle();
    QCOMPARE(play.archive.content(1).tokens.begin()->second.size(), size_t{3});
    Q_EMIT play.generation().tokens(tokensOf("ld"));
    QTRY_COMPARE_WITH_TIMEOUT(play.archive.content(1).tokens.begin()->second.size(), size_t{5}, 5'000);
}

void TestPromptSessions::onlyNewTokensAreSent()
{
    Keeping play;
    play.ask(u"Hello"_s, std::string(500, 'x'));
    play.settle();
    const int before = play.archive.numTokensSaved;
    QCOMPARE(before, 500);
    play.panel->generate();
    play.answer("yz", FinishReason::MaxTokens);
    play.settle();
    QCOMPARE(play.archive.numTokensSaved, before + 2);
    play.panel->promptEditor()->insertPlainText(u"!"_s);
    play.settle();
    QCOMPARE(play.archive.numTokensSaved, before + 2);
    QCOMPARE(play.archive.content(1).tokens.size(), size_t{2});
}

void TestPromptSessions::longAnswersGoInParts()
{
    Keeping play;
    play.ask(u"Hello"_s, std::string(10'000, 'x'));
    QTRY_COMPARE_WITH_TIMEOUT(play.archive.numTokensSaved, 10'000, 20'000);
    play.settle();
    QVERIFY(play.archive.numSaves >= 3);
    QCOMPARE(play.archive.content(1).tokens.begin()->second.size(), size_t{10'000});
}

void TestPromptSessions::longChosenAnswersComeToAnEnd()
{
    Desk desk;
    desk.change(stateOf(std::string(10'000, 'x'), true));
    desk.keeper.saveNow();
    QVERIFY(desk.keeper.isKept());
    QCOMPARE(desk.archive.content(1).tokens.begin()->second.size(), size_t{10'000});
    // In parts: it is not kept before the last one.
    desk.change(stateOf(std::string(10'000, 'y'), true));
    QList<bool> kept;
    connect(&desk.keeper, &SessionKeeper::saved, this, [&] { kept << desk.keeper.isKept(); });
    desk.keeper.saveNow();
    QCOMPARE(kept, (QList<bool>{false, false, true}));
    QCOMPARE(desk.archive.content(1).tokens.rbegin()->second.back().bytes, std::string("y"));
}

void TestPromptSessions::nothingIsKeptOfNothing()
{
    Keeping play;
    play.panel->promptEditor()->setPlainText(u"x"_s);
    play.panel->promptEditor()->clear();
    play.settle();
    QVERIFY(play.archive.sessions.empty());
    play.keeper->beginNew();
    QVERIFY(play.archive.sessions.empty());
}

void TestPromptSessions::toOpenIsNotToEdit()
{
    Keeping play;
    const qint64 old = play.archive.add(u"old"_s, u"old prompt"_s, 1'000), other = play.archive.add(u"other"_s, u"p"_s, 2'000);
    play.keeper->open(old);
    QTRY_COMPARE(play.keeper->session(), old);
    QCOMPARE(play.panel->promptEditor()->toPlainText(), u"old prompt"_s);
    const int saves = play.archive.numSaves;
    QTest::qWait(2 * SessionKeeper::kDelayMs);
    QCOMPARE(play.archive.numSaves, saves);
    SamplingSettings hot;
    hot.temperature = 1.7;
    play.panel->sampling()->setSettings(hot); // kept, but its place in the list stays
    play.settle();
    QCOMPARE(play.archive.numSaves, saves + 1);
    QCOMPARE(play.archive.content(old).entry.editedUs, qint64{1'000});
    play.panel->promptEditor()->insertPlainText(u"x"_s);
    play.settle();
    QVERIFY(play.archive.content(old).entry.editedUs > play.archive.content(other).entry.editedUs);
}

void TestPromptSessions::sessionsComeBackWhole()
{
    Keeping play;
    play.ask(u"Hello"_s, "one");
    play.panel->regenerate();
    play.answer("two", FinishReason::MaxTokens);
    play.panel->setMode(PlayMode::Converse);
    play.exchange(u"hi"_s, "abc");
    play.settle();
    const qint64 first = play.keeper->session();
    play.keeper->beginNew();
    QTRY_COMPARE(play.keeper->session(), 0);
    QCOMPARE(play.panel->numVersions(), 0);
    QCOMPARE(play.model->numTurns(), 0);
    QVERIFY(play.panel->promptEditor()->toPlainText().isEmpty());
    play.keeper->open(first);
    QTRY_COMPARE(play.keeper->session(), first);
    QCOMPARE(play.panel->mode(), PlayMode::Converse);
    QCOMPARE(play.said(), u"u:hi a:abc"_s);
    QCOMPARE(play.model->turn(1).version()->tokens.size(), size_t{3});
    play.panel->setMode(PlayMode::Continue);
    QCOMPARE(play.panel->numVersions(), 2);
    QCOMPARE(play.panel->transcript()->copyText(), u"Hellotwo"_s);
    play.panel->transcript()->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2}); // and goes on
    play.answer("!", FinishReason::MaxTokens);
    play.settle();
    QCOMPARE(play.archive.content(first).tokens.size(), size_t{4});
    QCOMPARE(play.archive.sessions.size(), size_t{1});
}

void TestPromptSessions::theOneBeforeIsKeptFirst()
{
    Keeping play;
    const qint64 other = play.archive.add(u"other"_s, u"p"_s, 1'000);
    play.panel->promptEditor()->setPlainText(u"just written"_s);
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("ab"));
    play.keeper->open(other); // at once
    QTRY_COMPARE(play.keeper->session(), other);
    QVERIFY(!play.panel->isGenerating());
    QCOMPARE(play.archive.sessions.size(), size_t{2});
    const SessionContent &kept = play.archive.content(2);
    QCOMPARE(kept.document.value("composer"_L1).toObject().value("prompt"_L1).toString(), u"just written"_s);
    QCOMPARE(kept.tokens.begin()->second.size(), size_t{2});
    QCOMPARE(play.panel->promptEditor()->toPlainText(), u"p"_s);
}

void TestPromptSessions::theOpenOneMayBeChosenAgain()
{
    Desk desk;
    const qint64 one = desk.archive.add(u"one"_s, u"p"_s, 1'000), other = desk.archive.add(u"other"_s, u"q"_s, 2'000);
    desk.keeper.open(one);
    QTRY_COMPARE(desk.keeper.session(), one);
    desk.archive.isHolding = true; // it is large
    desk.keeper.open(other);
    desk.keeper.open(one);
    desk.archive.flush();
    QCOMPARE(desk.keeper.session(), one);
    QCOMPARE(desk.state.prompt, u"p"_s);
    desk.keeper.open(other);
    desk.archive.flush();
    QCOMPARE(desk.keeper.session(), other);
}

void TestPromptSessions::aFailedSaveKeepsItOpen()
{
    Keeping play;
    const qint64 other = play.archive.add(u"other"_s, u"p"_s, 1'000);
    play.panel->promptEditor()->setPlainText(u"precious"_s);
    play.archive.failNext = Error{ErrorCode::Io, "Cannot write \"prompts.db\": No space left on device.", "Free some."};
    QString told;
    play.keeper->whenKept([&told] { told = u"kept"_s; },
                          [&told](const Error &error) { told = QString::fromStdString(error.hint); });
    QTRY_VERIFY(play.panel->banner()->message().contains(u"No space left"_s));
    QCOMPARE(told, u"Free some."_s);
    QCOMPARE(play.panel->promptEditor()->toPlainText(), u"precious"_s);
    play.keeper->open(other); // tries again, with all of it
    QTRY_COMPARE(play.keeper->session(), other);
    QCOMPARE(play.archive.content(2).document.value("composer"_L1).toObject().value("prompt"_L1).toString(), u"precious"_s);
}

void TestPromptSessions::whatWasNotKeptMayBeDeleted()
{
    Desk desk;
    desk.change(stateOf(std::string(10'000, 'x'), false));
    desk.archive.failNext = Error{ErrorCode::Io, "full", ""};
    desk.keeper.saveNow();
    QVERIFY(!desk.keeper.isKept());
    desk.change({}); // nothing is left of it, and nothing is more
    desk.keeper.saveNow();
    QVERIFY(desk.keeper.isKept());
    QVERIFY(desk.archive.sessions.empty());
}

void TestPromptSessions::anotherWindowMakesACopy()
{
    Keeping play;
    play.ask(u"Hello"_s, "abc");
    play.settle();
    ++play.archive.sessions.at(1).content.entry.revision; // by another window
    QSignalSpy parted(play.keeper, &SessionKeeper::parted);
    play.panel->promptEditor()->insertPlainText(u"!"_s);
    QTRY_COMPARE(parted.count(), 1);
    play.settle();
    QCOMPARE(play.archive.sessions.size(), size_t{2});
    QCOMPARE(play.keeper->session(), qint64{2});
    QCOMPARE(play.archive.content(2).tokens.begin()->second.size(), size_t{3}); // with all tokens
    QVERIFY(play.panel->noteBanner()->message().startsWith(u"Another window changed or deleted this session"_s));
}

void TestPromptSessions::aNewOneKeepsModelAndSettings()
{
    Keeping play;
    SamplingSettings sampling;
    sampling.topK = 7;
    play.panel->sampling()->setSettings(sampling);
    play.panel->setModel(u"code@4000"_s);
    play.panel->setMode(PlayMode::Converse);
    play.exchange(u"hi"_s, "a");
    play.settle();
    play.keeper->beginNew();
    QTRY_COMPARE(play.keeper->session(), 0);
    QCOMPARE(play.panel->mode(), PlayMode::Converse);
    QCOMPARE(play.panel->model(), u"code@4000"_s);
    QCOMPARE(play.panel->sampling()->settings().topK, 7);
    QCOMPARE(play.model->numTurns(), 0);
}

void TestPromptSessions::aLinkBringsBackTheAnswerAndItsToken()
{
    Keeping play;
    play.ask(u"Hello"_s, "wor");
    play.ask(u"Hello"_s, "abc");
    play.panel->showVersion(0);
    play.panel->transcript()->setCurrentToken(2, true);
    play.settle();
    const QString link = play.panel->viewLink();
    const qint64 session = play.keeper->session();
    play.keeper->beginNew();
    play.panel->promptEditor()->setPlainText(u"something else"_s);
    play.settle();
    const Result<ViewLink> parsed = parseViewLink(link);
    QVERIFY2(parsed.ok(), qPrintable(link));
    play.panel->view().restore(parsed->state);
    QTRY_COMPARE(play.keeper->session(), session);
    QCOMPARE(play.panel->numVersions(), 2);
    QCOMPARE(play.panel->currentVersion(), 0);
    QCOMPARE(play.panel->transcript()->currentToken(), 2);
    QVERIFY(play.panel->transcript()->isLocked());
    QCOMPARE(play.panel->promptEditor()->toPlainText(), u"Hello"_s);
    // Of the one that is open: what is looked at alone.
    play.panel->showVersion(1);
    play.panel->view().restore(parsed->state);
    QCOMPARE(play.panel->currentVersion(), 0);
    QCOMPARE(play.archive.sessions.size(), size_t{2});
}

void TestPromptSessions::aLinkOfAnotherComputerTakesNothingAway()
{
    Keeping there, here;
    there.ask(u"Hello"_s, "wor");
    there.panel->sampling()->setSettings({.temperature = 0.25, .seed = 77});
    there.settle();
    here.archive.clockUs = 20'000'000'000; // it has a session of that number, begun at another time
    here.ask(u"mine"_s, "own");
    here.settle();
    const qint64 mine = here.keeper->session();
    QCOMPARE(mine, there.keeper->session());
    const ViewLink link = *parseViewLink(there.panel->viewLink());
    QVERIFY(link.state.contains(u"begun"_s));
    here.panel->view().restore(link.state);
    QTRY_COMPARE(here.panel->promptEditor()->toPlainText(), u"Hello"_s);
    QCOMPARE(here.panel->numVersions(), 0);
    QCOMPARE(here.panel->sampling()->settings().temperature, 0.25);
    QCOMPARE(here.panel->sampling()->settings().seed, uint64_t{77});
    here.settle();
    QVERIFY(here.keeper->session() != mine);
    here.keeper->open(mine);
    QTRY_COMPARE(here.panel->numVersions(), 1);
    QCOMPARE(here.panel->promptEditor()->toPlainText(), u"mine"_s);
    // Gone meanwhile: the same.
    here.archive.sessions[mine].isDeleted = true;
    here.panel->view().restore({{u"session"_s, mine}, {u"begun"_s, 1}, {u"prompt"_s, u"other"_s}});
    QTRY_COMPARE(here.panel->promptEditor()->toPlainText(), u"other"_s);
}

void TestPromptSessions::aLinkTakesNoAnswersOfColumns()
{
    Keeping play;
    play.panel->setMode(PlayMode::Compare);
    play.panel->comparison()->setColumns({{u"code@4000"_s}, {u"code@8000"_s}});
    play.panel->promptEditor()->setPlainText(u"Hello"_s);
    play.panel->generate();
    play.answer("ab", FinishReason::MaxTokens);
    play.answer("ac", FinishReason::MaxTokens);
    QVERIFY(play.panel->comparison()->hasAnswers());
    play.settle();
    const qint64 session = play.keeper->session();
    QVariantMap other = parseViewLink(play.panel->viewLink())->state;
    play.panel->view().restore(other);
    QVERIFY(play.panel->comparison()->hasAnswers()); // it is what stands there
    other[u"a"_s] = u"code@8000"_s;
    play.panel->view().restore(other);
    QTRY_VERIFY(!play.panel->comparison()->hasAnswers());
    QCOMPARE(play.panel->comparison()->columns()[0].model, u"code@8000"_s);
    play.settle();
    play.keeper->open(session);
    QTRY_VERIFY(play.panel->comparison()->hasAnswers());
}

void TestPromptSessions::oldDraftsBecomeSessions()
{
    // As a program before the archive wrote it into its settings.
    const QString draft = uR"({"version":1,"mode":"continue","model":"code@4000","max_tokens":50,"temperature":0.5,
        "top_k":3,"top_p":1,"seed":"12","prompt":"Hello","after":"","message":"next","is_colored":true,"shown":1,
        "versions":[{"model":"code","title":"code","prompt":"Hello","tokens":[[97,"a",0.5,1.5,[97,"a",0.5,98,"b",0.25]],[195,"\u00c3",0.5,1]],
        "given":0,"parts_at":0,"max_tokens":50,"temperature":0.5,"top_k":3,"top_p":1,"seed":"12","loaded":"code@4000","step":4000},
        {"model":"code","title":"code","prompt":"Hello","tokens":[[97,"a",0.5,1.5]],"given":1,"parts_at":1,"parent":0}],
        "conversation":{"turns":[{"role":"user","content":"hi"},{"role":"assistant","content":"b","versions":["b","c"],"shown":1}]}})"_s;
    Keeping play;
    QVERIFY(play.panel->restoreJson(draft));
    QCOMPARE(play.panel->numVersions(), 2);
    QCOMPARE(play.panel->sampling()->settings().topK, 3);
    QVERIFY(play.panel->transcript()->isColored());
    play.settle();
    const SessionState kept = sessionState(play.archive.content(1));
    QCOMPARE(kept.message, u"next"_s);
    QCOMPARE(kept.versions[0]->text(), std::string("a\xC3"));
    QCOMPARE(kept.versions[0]->tokens[0].alternatives[1].bytes, std::string("b"));
    QVERIFY(kept.versions[1]->parent.lock() == kept.versions[0]);
    QCOMPARE(kept.turns[1]->versions.size(), size_t{2});
    QCOMPARE(kept.turns[1]->text(), std::string("c"));
    QVERIFY(!play.panel->restoreJson(u"{"_s));
    QVERIFY(!play.panel->restoreJson(u"{\"format\":\"chat\"}"_s));
    QCOMPARE(play.panel->numVersions(), 2);
}

void TestPromptSessions::theEndOfTheWindowKeepsAll()
{
    Keeping play;
    play.archive.isHolding = true;
    play.ask(u"Hello"_s, std::string(9'000, 'x'));
    play.keeper->saveNow();
    QCOMPARE(play.archive.content(1).tokens.begin()->second.size(), size_t{9'000});
    play.panel->promptEditor()->insertPlainText(u"!"_s);
    play.archive.failNext = Error{ErrorCode::Io, "full", ""};
    play.keeper->saveNow(); // and does not go on for ever
    QCOMPARE(play.archive.content(1).entry.numAnswers, 1);
}

ORRERY_GUI_TEST_MAIN(TestPromptSessions)
#include "tst_prompt_sessions.moc"
