// SPDX-License-Identifier: Apache-2.0
#include "core/data/describe.h"
#include "data_fixture.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace orrery;

namespace {

QJsonObject jsonOf(const CorpusDescription &description)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(describeDataJson(description))).object();
}

const DataCheck *find(const std::vector<DataCheck> &checks, const std::string &name)
{
    for (const DataCheck &check : checks)
        if (check.name == name) return &check;
    return nullptr;
}

} // namespace

class TestDescribe : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void describesPreparedData()
    {
        const DataFixture data;
        for (int i = 0; i < 24; ++i) data.write("tree/" + std::to_string(i) + ".txt", numberedLines(10));
        data.write("tree/x.bin", std::string(5, '\0'));
        const auto shards = data.prepare(DataFixture::spec(data.path("tree")));
        VERIFY_OK(shards);
        const QJsonObject json = jsonOf(shards->description());
        QCOMPARE(json["format"].toString(), QString("folder"));
        QCOMPARE(json["files"].toInt(), 24);
        QCOMPARE(json["documents"].toInt(), 24);
        QCOMPARE(json["bytes"].toInt(), 2400);
        QCOMPARE(json["tokens"].toInt(), 2424);
        QCOMPARE(json["train_tokens"].toInt() + json["val_tokens"].toInt(), 2424);
        QCOMPARE(json["num_skipped"].toInt(), 1);
        QCOMPARE(json["skipped"][0]["path"].toString(), QString("x.bin"));
        QCOMPARE(json["skipped"][0]["reason"].toString(), QString("binary (NUL at byte 0)"));
        QCOMPARE(json["length_histogram"].toArray().size(), 1);
        QCOMPARE(json["length_histogram"][0]["from"].toInt(), 64);
        QCOMPARE(json["length_histogram"][0]["to"].toInt(), 127);
        QCOMPARE(json["length_histogram"][0]["documents"].toInt(), 24);
        QCOMPARE(json["content_digest"].toString().size(), 64);
        QVERIFY(json["preview"].toString().startsWith("000000000\n"));
        QCOMPARE(json["checks"].toArray().size(), 4);
        const QString text = QString::fromStdString(describeDataText(shards->description()));
        for (const char *part : {"folder", "24", "2424", "x.bin: binary", "64 - 127", "fewer than 100,000"})
            QVERIFY2(text.contains(part), qPrintable(text));
    }

    /// Pictures named beside texts are not read, and what teaches nothing is said before somebody trains on it.
    void tellsWhatNobodyReadsOrLearns()
    {
        const DataFixture data;
        std::string lines;
        for (int i = 0; i < 30; ++i)
            lines += "{\"image\":\"a.png\",\"text\":\"a picture of number " + std::to_string(i) + "\"}\n";
        const DataSpec captions = DataFixture::spec(data.write("captions.jsonl", lines));
        for (int i = 0; i < 2; ++i) { // as prepared, and as found again by the next who asks
            const auto shards = data.prepare(captions);
            VERIFY_OK(shards);
            const auto checks = checkData(shards->description());
            QVERIFY(find(checks, "media") && !find(checks, "media")->isFine);
            QVERIFY2(find(checks, "media")->text.find("has \"image\" beside its text") != std::string::npos,
                     find(checks, "media")->text.c_str());
            QVERIFY(!find(checks, "loss"));
        }
        lines.clear();
        for (int i = 0; i < 30; ++i)
            lines += "{\"messages\":[{\"role\":\"user\",\"content\":\"hello number " + std::to_string(i) + "\"}]}\n";
        const auto asked = data.prepare(DataFixture::spec(data.write("asked.jsonl", lines)));
        VERIFY_OK(asked);
        QVERIFY(find(checkData(asked->description()), "loss") && !find(checkData(asked->description()), "media"));
        QVERIFY(describeDataText(asked->description()).find("there is nothing to learn") != std::string::npos);
    }

    void describesAProbe()
    {
        const DataFixture data;
        const auto probe = probeCorpus(data.write("a.jsonl", "{\"text\":\"a\"}\n"));
        const QJsonObject json = jsonOf(*probe);
        QCOMPARE(json["format"].toString(), QString("jsonl_text"));
        QCOMPARE(json["tokens"].toInt(), 0);
        QVERIFY(!find(checkData(*probe), "split"));
        QVERIFY(find(checkData(*probe), "skipped")->isFine);
        QVERIFY(describeDataText(*probe).find("tokens") == std::string::npos);
    }

    /// File names and texts come from outside: no escape sequence reaches the terminal, no line is forged.
    void letsNoControlCharactersThrough()
    {
        CorpusDescription description;
        description.format = CorpusFormat::Folder;
        description.firstText = "a\x1b[31mred\r\n\ttab\x7f\xff end";
        description.skipped.push_back({"evil\x1b]0;title\x07\nok          fine", "empty"});
        description.numSkipped = 1;
        const QJsonObject json = jsonOf(description);
        QCOMPARE(json["preview"].toString(), QString::fromUtf8("a?[31mred\n\ttab?\uFFFD end"));
        QCOMPARE(json["skipped"][0]["path"].toString(), QString("evil?]0;title? ok          fine"));
        const std::string text = describeDataText(description);
        for (char c : text) QVERIFY(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t');
        QVERIFY(text.find('\x7f') == std::string::npos);
    }

    void checksNameWhatToLookAt()
    {
        CorpusDescription description;
        description.numTokens = 1'000'000;
        description.numTrainTokens = 900'000;
        description.numValTokens = 100'000;
        for (const DataCheck &check : checkData(description)) QVERIFY2(check.isFine, check.text.c_str());
        QCOMPARE(find(checkData(description), "split")->text,
                 std::string("Validation is 10.0 % of the tokens used."));
        description.numInvalidUtf8Files = 1;
        description.numSkipped = 12;
        description.numTrainTokens = 5;
        description.numValTokens = 0;
        for (const char *name : {"utf8", "skipped", "split", "size"})
            QVERIFY2(!find(checkData(description), name)->isFine, name);
        QVERIFY(describeDataText(description).find("and 2 more") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestDescribe)
#include "tst_describe.moc"
