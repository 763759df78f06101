// SPDX-License-Identifier: Apache-2.0
#include "core/data/chat_json.h"

#include <QTest>

using namespace orrery;

class TestChatJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTurns_data();
    void readsTurns();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
    void refusesWhatIsTooLarge();
};

void TestChatJson::readsTurns_data()
{
    QTest::addColumn<QByteArray>("json");
    const QByteArray turns =
        R"([{"role":"system","content":"be kind"},{"content":"hi \"you\"\n","role":"user"}])";
    QTest::newRow("object") << QByteArray(R"({"messages":)" + turns + "}");
    QTest::newRow("list") << turns;
    QTest::newRow("with blanks") << QByteArray(" \n" + turns + "\n");
}
void TestChatJson::readsTurns()
{
    QFETCH(QByteArray, json);
    const auto messages = parseConversation(json.toStdString(), "chat.json");
    QVERIFY2(messages.ok(), messages.ok() ? "" : messages.error().text().c_str());
    QCOMPARE(messages->size(), size_t{2});
    QCOMPARE((*messages)[0].role, std::string("system"));
    QCOMPARE((*messages)[0].content, std::string("be kind"));
    QCOMPARE((*messages)[1].role, std::string("user"));
    QCOMPARE((*messages)[1].content, std::string("hi \"you\"\n"));
}

void TestChatJson::namesWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *tag, const QByteArray &json, const char *part) {
        QTest::newRow(tag) << json << QString::fromUtf8(part);
    };
    row("nothing", "", "broken JSON");
    row("broken", R"([{"role":"user",])", "broken JSON");
    row("a text", R"("hi")", "of type string, expected an object or a list");
    row("no turns", R"({"messages":[]})", "it has no turns, expected a turn of the user");
    row("no messages", R"({})", "it has no \"messages\"");
    row("messages of a text", R"({"messages":"hi"})", "\"messages\" is \"hi\", expected a list of turns");
    row("another key", R"({"messages":[],"model":"x"})", "it has the key \"model\"");
    row("turn is no object", R"([{"role":"user","content":"a"},7])", "turn 1 is 7, expected an object");
    row("no role", R"([{"content":"a"}])", "turn 0 has no \"role\"");
    row("no content", R"([{"role":"user"}])", "turn 0 has no \"content\"");
    row("content is an object", R"([{"role":"user","content":{}}])",
        "\"content\" of turn 0 is an object, expected a text");
    row("role is a number", R"([{"role":3,"content":""}])", "\"role\" of turn 0 is 3, expected a text");
    row("unknown role", R"([{"role":"user","content":""},{"role":"bot","content":""}])",
        "the role of turn 1 is \"bot\", expected system, user or assistant");
    row("key of a turn", R"([{"role":"user","content":"","name":"x"}])", "turn 0 has the key \"name\"");
    row("a key twice", R"([{"role":"user","role":"user","content":""}])", "stands there twice");
    row("deep", R"([{"role":"user","content":[[[[[1]]]]]}])", "nested more than 4 deep");
    row("NUL", QByteArray("[{\"role\":\"user\",\"content\":\"\"}]\0[", 33), "byte 30 is NUL");
}
void TestChatJson::namesWhatIsWrong()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, part);
    const auto messages = parseConversation(json.toStdString(), "chat.json");
    QVERIFY(!messages.ok());
    QCOMPARE(messages.error().code, ErrorCode::InvalidInput);
    const QString message = QString::fromStdString(messages.error().message);
    QVERIFY2(message.startsWith(QStringLiteral("Cannot read the conversation \"chat.json\": ")),
             qPrintable(message));
    QVERIFY2(message.contains(part), qPrintable(message));
    QVERIFY(!messages.error().hint.empty());
}

void TestChatJson::refusesWhatIsTooLarge()
{
    const auto messages = parseConversation(std::string(kMaxConversationBytes + 1, ' '), "chat.json");
    QVERIFY(!messages.ok());
    QVERIFY(messages.error().message.find("at most 67108864") != std::string::npos);
}
QTEST_GUILESS_MAIN(TestChatJson)
#include "tst_chat_json.moc"
