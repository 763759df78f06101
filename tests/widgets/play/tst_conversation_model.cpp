// SPDX-License-Identifier: GPL-3.0-or-later
// Turns, versions, undo and what is kept of a conversation.
#include "play_setup.h"

#include "widgets/common/engine_command.h"
#include "widgets/play/conversation_text.h"
#include "widgets/play/old_draft.h"

#include <QAbstractItemModelTester>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

VersionPtr answerOf(const std::string &text)
{
    auto version = std::make_shared<GenerationVersion>();
    version->modelTitle = u"code"_s;
    version->tokens = tokensOf(text);
    return version;
}

/// "user:a assistant:b"
QString said(const ConversationModel &model)
{
    QStringList parts;
    for (int row = 0; row < model.numTurns(); ++row)
        parts << QLatin1String(turnRoleName(model.turn(row).role)) + u':' +
                     QString::fromStdString(model.turn(row).text());
    return parts.join(u' ');
}

struct Talk {
    Talk() : tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest)
    {
        model.ask({"a"}, answerOf("b"));
        model.ask({"c"}, answerOf("d"));
    }
    ConversationModel model;
    QAbstractItemModelTester tester;
};

} // namespace

class TestConversationModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void turnsStandInOrder();
    void emptyAnswersAreNotSent();
    void systemTextIsTheFirstTurn();
    void eachStepIsUndoneAndRedone_data();
    void eachStepIsUndoneAndRedone();
    void anotherStepEndsRedo();
    void keepsVersionsOfTheLastAnswer();
    void failedVersionsAreReplaced();
    void announcesTokensOfTheShownVersion();
    void isCopiedAsText();
    void jsonSurvivesAShell();
    void oldDraftsTakeAnything();
};

void TestConversationModel::turnsStandInOrder()
{
    Talk talk;
    QCOMPARE(said(talk.model), u"user:a assistant:b user:c assistant:d"_s);
    QCOMPARE(talk.model.lastAnswer(), 3);
    const auto messages = talk.model.messagesBefore(3);
    QCOMPARE(messages.size(), size_t{3});
    QCOMPARE(messages[1].role, std::string("assistant"));
    QCOMPARE(messages[2].content, std::string("c"));
    QCOMPARE(talk.model.index(1).data().toString(), u"b"_s);
    QCOMPARE(talk.model.index(1).data(Qt::AccessibleTextRole).toString(), u"Turn 2, assistant"_s);
}

void TestConversationModel::emptyAnswersAreNotSent()
{
    ConversationModel model;
    model.ask({"a"}, answerOf(""));
    model.ask({"b"}, answerOf("c"));
    const auto messages = model.messagesBefore(model.numTurns());
    QCOMPARE(messages.size(), size_t{3});
    QCOMPARE(messages[1].role, std::string("user"));
}

void TestConversationModel::systemTextIsTheFirstTurn()
{
    Talk talk;
    talk.model.setSystemText("be kind");
    QCOMPARE(said(talk.model), u"system:be kind user:a assistant:b user:c assistant:d"_s);
    talk.model.setSystemText("be brief");
    QCOMPARE(talk.model.systemText(), std::string("be brief"));
    QCOMPARE(talk.model.numTurns(), 5);
    talk.model.undo();
    QCOMPARE(talk.model.systemText(), std::string("be kind"));
    talk.model.setSystemText("");
    QCOMPARE(talk.model.numTurns(), 4);
    const QString undo = talk.model.undoText();
    talk.model.setSystemText(""); // no change, no step
    QCOMPARE(talk.model.undoText(), undo);
    talk.model.undo();
    QCOMPARE(talk.model.numTurns(), 5);
}

void TestConversationModel::eachStepIsUndoneAndRedone_data()
{
    using Change = std::function<void(ConversationModel &)>;
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("after");
    QTest::newRow("send") << Change([](ConversationModel &model) { model.ask({"e"}, answerOf("f")); })
                          << u"user:a assistant:b user:c assistant:d user:e assistant:f"_s;
    QTest::newRow("edit the first turn")
        << Change([](ConversationModel &model) { model.askAgain(0, {"x"}, answerOf("y")); })
        << u"user:x assistant:y"_s;
    QTest::newRow("edit the last turn")
        << Change([](ConversationModel &model) { model.askAgain(2, {"x"}, answerOf("y")); })
        << u"user:a assistant:b user:x assistant:y"_s;
    QTest::newRow("delete") << Change([](ConversationModel &model) { model.removeTurn(1); })
                            << u"user:a user:c assistant:d"_s;
    QTest::newRow("new conversation") << Change([](ConversationModel &model) { model.startAnew(); }) << u""_s;
}

void TestConversationModel::eachStepIsUndoneAndRedone()
{
    QFETCH(std::function<void(ConversationModel &)>, change);
    QFETCH(QString, after);
    Talk talk;
    const QString before = said(talk.model);
    QSignalSpy undoChanged(&talk.model, &ConversationModel::undoChanged);
    change(talk.model);
    QCOMPARE(said(talk.model), after);
    QVERIFY(!talk.model.undoText().isEmpty() && talk.model.redoText().isEmpty());
    talk.model.undo();
    QCOMPARE(said(talk.model), before);
    talk.model.redo();
    QCOMPARE(said(talk.model), after);
    talk.model.undo();
    QCOMPARE(said(talk.model), before);
    QCOMPARE(undoChanged.count(), 4);
}

void TestConversationModel::anotherStepEndsRedo()
{
    Talk talk;
    talk.model.undo();
    QCOMPARE(talk.model.redoText(), u"sending"_s);
    talk.model.removeTurn(0);
    QCOMPARE(talk.model.undoText(), u"deleting turn 1"_s);
    QVERIFY(talk.model.redoText().isEmpty());
    talk.model.redo();
    QCOMPARE(said(talk.model), u"assistant:b"_s);
}

void TestConversationModel::keepsVersionsOfTheLastAnswer()
{
    Talk talk;
    talk.model.addVersion(answerOf("e"));
    QCOMPARE(said(talk.model), u"user:a assistant:b user:c assistant:e"_s);
    QCOMPARE(talk.model.index(3).data(ConversationModel::NumVersionsRole).toInt(), 2);
    talk.model.showVersion(0);
    QCOMPARE(said(talk.model), u"user:a assistant:b user:c assistant:d"_s);
    talk.model.showVersion(2); // there is none
    QCOMPARE(talk.model.turn(3).shown, 0);
    talk.model.removeTurn(3); // then it is an answer, not another version
    talk.model.addVersion(answerOf("f"));
    QCOMPARE(said(talk.model), u"user:a assistant:b user:c assistant:f"_s);
    QCOMPARE(talk.model.turn(3).versions.size(), size_t{1});
}

void TestConversationModel::failedVersionsAreReplaced()
{
    Talk talk;
    const VersionPtr failed = answerOf("");
    failed->error = Error{ErrorCode::Unavailable, "Cannot generate: gone.", ""};
    talk.model.addVersion(failed);
    talk.model.addVersion(answerOf("e"));
    QCOMPARE(talk.model.turn(3).versions.size(), size_t{2});
    QCOMPARE(talk.model.turn(3).shown, 1);
}

void TestConversationModel::announcesTokensOfTheShownVersion()
{
    Talk talk;
    QSignalSpy tokens(&talk.model, &ConversationModel::tokensCame);
    const VersionPtr running = answerOf("");
    talk.model.addVersion(running);
    talk.model.announceTokens(running, tokensOf("x"));
    QCOMPARE(tokens.count(), 1);
    QCOMPARE(tokens[0][0].toInt(), 3);
    talk.model.showVersion(0);
    talk.model.announceTokens(running, tokensOf("y"));
    QCOMPARE(tokens.count(), 1); // nobody sees them
    talk.model.undo();
    talk.model.announceTokens(running, tokensOf("z"));
    QCOMPARE(tokens.count(), 1);
}

void TestConversationModel::isCopiedAsText()
{
    Talk talk;
    talk.model.setSystemText("s");
    QCOMPARE(conversationText(talk.model.messagesBefore(3)), u"System:\ns\n\nUser:\na\n\nAssistant:\nb\n"_s);
}

void TestConversationModel::jsonSurvivesAShell()
{
    const std::string nasty = "it's \"$HOME\" `x` $(y) \\n %s !\n\t-é漢";
    GenerateRequest request;
    request.messages = {{"user", nasty}};
    const QString command = generateCommand(u"a model"_s, request);
    const QString engine = u" | orrery-engine generate 'a model' --messages - --max-tokens"_s;
    QVERIFY2(command.contains(engine), qPrintable(command));
    QVERIFY(!command.contains(u"--prompt"_s));
    QProcess shell;
    shell.start(u"sh"_s, {u"-c"_s, command.left(command.lastIndexOf(u" | orrery-engine"_s))});
    QVERIFY(shell.waitForFinished());
    const QJsonObject json = QJsonDocument::fromJson(shell.readAllStandardOutput()).object();
    const QJsonObject turn = json[u"messages"_s].toArray().at(0).toObject();
    QCOMPARE(turn[u"content"_s].toString(), QString::fromStdString(nasty));
    QCOMPARE(turn[u"role"_s].toString(), u"user"_s);
}

void TestConversationModel::oldDraftsTakeAnything()
{
    const QJsonObject draft = QJsonDocument::fromJson(R"({"dropped":-4,"turns":[7,{"role":"bot"},
        {"role":"user","content":3},{"role":"system","content":"late"},
        {"role":"assistant","content":"x","versions":[],"shown":9}]})")
                                  .object();
    const std::vector<TurnPtr> turns = oldDraftTurns(draft);
    QCOMPARE(turns.size(), size_t{2});
    QCOMPARE(turns[1]->text(), std::string("x"));
    QVERIFY(oldDraftTurns({}).empty());
    QCOMPARE(oldDraftState({{QStringLiteral("conversation"), draft}}).numDroppedTurns, 0);
}

ORRERY_GUI_TEST_MAIN(TestConversationModel)
#include "tst_conversation_model.moc"
