// SPDX-License-Identifier: Apache-2.0
#include "core/data/chat_json.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace orrery;

class TestChatJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTurns_data();
    void readsTurns();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
    void putsFilesInTheirPlaces();
    void readsFiles_data();
    void readsFiles();
    void readsFlacBehindATag();
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
    const auto written = parseConversation(json.toStdString(), "chat.json");
    QVERIFY2(written.ok(), written.ok() ? "" : written.error().text().c_str());
    const std::vector<ChatMessage> &messages = written->messages;
    QCOMPARE(messages.size(), size_t{2});
    QVERIFY(written->files.empty());
    QCOMPARE(messages[0].role, std::string("system"));
    QCOMPARE(messages[0].content, std::string("be kind"));
    QCOMPARE(messages[1].role, std::string("user"));
    QCOMPARE(messages[1].content, std::string("hi \"you\"\n"));
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
    row("images of one text", R"([{"role":"user","content":"","images":"a.png"}])",
        "\"images\" of turn 0 is \"a.png\", expected a list of files");
    row("audio of a number", R"([{"role":"user","content":"","audio":["a.wav",3]}])",
        "\"audio\" of turn 0 has 3, expected paths of files");
    row("images without a content", R"([{"role":"user","images":["a.png"]}])", "turn 0 has no \"content\"");
    row("parts and images", R"([{"role":"user","content":[{"text":"a"}],"images":["a.png"]}])",
        "turn 0 has a list of parts and \"images\", expected one of them");
    row("a part that is a text", R"([{"role":"user","content":["a"]}])",
        "part 0 of turn 0 is \"a\", expected an object with \"text\", \"image\" or \"audio\"");
    row("a part of two", R"([{"role":"user","content":[{"text":"a"},{"text":"a","image":"b"}]}])",
        "part 1 of turn 0 is an object");
    row("a part of a number", R"([{"role":"user","content":[{"image":3}]}])",
        "part 0 of turn 0 is an object");
    row("an unknown part", R"([{"role":"user","content":[{"video":"a"}]}])", "part 0 of turn 0 is an object");
    row("content is an object", R"([{"role":"user","content":{}}])",
        "\"content\" of turn 0 is an object, expected a text");
    row("role is a number", R"([{"role":3,"content":""}])", "\"role\" of turn 0 is 3, expected a text");
    row("unknown role", R"([{"role":"user","content":""},{"role":"bot","content":""}])",
        "the role of turn 1 is \"bot\", expected system, user or assistant");
    row("key of a turn", R"([{"role":"user","content":"","name":"x"}])", "turn 0 has the key \"name\"");
    row("a key twice", R"([{"role":"user","role":"user","content":""}])", "stands there twice");
    row("deep", R"([{"role":"user","content":[[[[[[[1]]]]]]]}])", "nested more than 6 deep");
    row("not UTF-8", "[{\"role\":\"user\",\"content\":\"\xfc\"}]", "UTF-8");
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

void TestChatJson::putsFilesInTheirPlaces()
{
    const auto written = parseConversation(
        R"([{"role":"user","content":"how many?","audio":["b.wav"],"images":["a.png","c.jpg"]},
            {"role":"assistant","content":"two"},
            {"role":"user","content":[{"text":"this "},{"image":"d.png"},{"text":"and "},{"audio":"e.flac"}]}])",
        "chat.json");
    QVERIFY2(written.ok(), written.ok() ? "" : written.error().text().c_str());
    const auto at = [&](size_t turn, size_t index) {
        const PromptMedia &media = written->messages[turn].media[index];
        return QString::fromStdString(media.name) + QLatin1Char('@') + QString::number(media.place);
    };
    QCOMPARE(written->messages[0].media.size(), size_t{3});
    QCOMPARE(at(0, 0), QStringLiteral("a.png@0"));
    QCOMPARE(at(0, 1), QStringLiteral("c.jpg@0"));
    QCOMPARE(at(0, 2), QStringLiteral("b.wav@0"));
    QVERIFY(written->messages[1].media.empty());
    QCOMPARE(written->messages[2].content, std::string("this and "));
    QCOMPARE(at(2, 0), QStringLiteral("d.png@5"));
    QCOMPARE(at(2, 1), QStringLiteral("e.flac@9"));
    QCOMPARE(written->files.size(), size_t{5});
    QVERIFY(written->files[2].modality == Modality::Audio && written->files[3].modality == Modality::Image);
}

void TestChatJson::readsFiles_data()
{
    QTest::addColumn<QByteArray>("parts");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *tag, const QByteArray &parts, ErrorCode code, const char *part) {
        QTest::newRow(tag) << parts << static_cast<int>(code) << QString::fromUtf8(part);
    };
    const ErrorCode bad = ErrorCode::InvalidInput;
    row("all is well", R"({"image":"a.bin"},{"text":"x"},{"audio":"b.bin"})", ErrorCode::Unknown, "");
    row("missing", R"({"text":"x"},{"image":"no.png"})", ErrorCode::NotFound,
        "\"no.png\" of turn 0 is not there, expected a picture (PNG, JPEG). Paths are relative");
    row("a folder", R"({"image":"."})", bad, "");
    row("a recording as a picture", R"({"image":"b.bin"})", bad,
        "\"b.bin\" of turn 0 is a recording, expected a picture (PNG, JPEG). Name it as \"audio\".");
    row("a picture as a recording", R"({"audio":"a.bin"})", bad,
        "\"a.bin\" of turn 0 is a picture, expected a recording (WAV, FLAC). Name it as \"image\".");
    row("a text", R"({"image":"t.png"})", bad, "\"t.png\" of turn 0 is text, expected a picture");
    row("nothing", R"({"audio":"empty.wav"})", bad, "\"empty.wav\" of turn 0 is empty, expected a recording");
    row("too large together", R"({"image":"a.bin"},{"image":"a.bin"},{"image":"a.bin"})", bad,
        "the files up to \"a.bin\" of turn 0 have more than 100 bytes, expected that many at most");
}
void TestChatJson::readsFiles()
{
    QFETCH(QByteArray, parts);
    QFETCH(int, code);
    QFETCH(QString, part);
    QTemporaryDir folder;
    const auto write = [&](const char *name, const QByteArray &bytes) {
        QFile file(folder.filePath(QLatin1String(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    };
    write("a.bin", QByteArray("\x89PNG\r\n\x1a\n") + QByteArray(32, 'p'));
    write("b.bin", QByteArray("RIFF\0\0\0\0WAVE", 12) + QByteArray(20, 'w'));
    write("t.png", "a text");
    write("empty.wav", "");
    auto written =
        parseConversation(("[{\"role\":\"user\",\"content\":[" + parts + "]}]").toStdString(), "chat.json");
    QVERIFY2(written.ok(), written.ok() ? "" : written.error().text().c_str());
    const auto messages =
        readConversationFiles(std::move(*written), "chat.json", folder.path().toStdString(), 100);
    if (code == static_cast<int>(ErrorCode::Unknown)) {
        QVERIFY2(messages.ok(), messages.ok() ? "" : messages.error().text().c_str());
        QCOMPARE(messages->at(0).media[0].bytes.size(), size_t{40});
        QCOMPARE(messages->at(0).media[1].bytes.size(), size_t{32});
        return;
    }
    QVERIFY(!messages.ok());
    QCOMPARE(static_cast<int>(messages.error().code), code);
    const QString message = QString::fromStdString(messages.error().text());
    QVERIFY2(message.contains(part), qPrintable(message));
}

/// A tag with the picture of a cover is longer than what a signature is looked for in.
void TestChatJson::readsFlacBehindATag()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("a.flac")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray("ID3\4\0\0\0\0\x7f\0", 10) + QByteArray(127 * 128, '\0') + "fLaC");
    file.close();
    auto written =
        parseConversation(R"([{"role":"user","content":[{"text":"a"},{"audio":"a.flac"}]}])", "chat.json");
    QVERIFY(written.ok());
    const auto messages =
        readConversationFiles(std::move(*written), "chat.json", folder.path().toStdString(), 1 << 20);
    QVERIFY2(messages.ok(), messages.ok() ? "" : messages.error().text().c_str());
}

void TestChatJson::refusesWhatIsTooLarge()
{
    const auto messages = parseConversation(std::string(kMaxConversationBytes + 1, ' '), "chat.json");
    QVERIFY(!messages.ok());
    QVERIFY(messages.error().message.find("at most 67108864") != std::string::npos);
}
QTEST_GUILESS_MAIN(TestChatJson)
#include "tst_chat_json.moc"
