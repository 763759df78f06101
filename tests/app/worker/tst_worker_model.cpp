// SPDX-License-Identifier: Apache-2.0
#include "worker_fixture.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <fstream>

using namespace orrery;
namespace fs = std::filesystem;

class TestWorkerModel : public QObject {
    Q_OBJECT

    test::WorkerFixture m_fixture;
    std::string m_run;

    static std::vector<QJsonObject> jsonLines(const std::string &text)
    {
        std::vector<QJsonObject> lines;
        for (const QByteArray &line : QByteArray::fromStdString(text).split('\n'))
            if (!line.isEmpty()) lines.push_back(QJsonDocument::fromJson(line).object());
        return lines;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_run = m_fixture.makeRun("model", {"train.steps=20"}).string();
        QCOMPARE(m_fixture.runWorker({"train", m_run}), 0);
    }

    void generatesTheSameTextForTheSameSeed()
    {
        std::string first, second;
        const std::vector<std::string> arguments = {"generate",  "--model",      m_run, "--prompt",
                                                    "template ", "--max-tokens", "30",  "--seed",
                                                    "4",         "--threads",    "1"};
        QCOMPARE(m_fixture.runWorker(arguments, &first), 0);
        QCOMPARE(m_fixture.runWorker(arguments, &second), 0);
        QVERIFY(!first.empty());
        QCOMPARE(first, second);
    }

    void printsTokensAsJsonLines()
    {
        std::string output;
        QCOMPARE(m_fixture.runWorker({"generate", "--model", m_run + "@10", "--prompt", "void ",
                                      "--max-tokens", "6", "--alternatives", "3", "--json"},
                                     &output),
                 0);
        const auto lines = jsonLines(output);
        QVERIFY(!lines.empty());
        for (size_t i = 0; i + 1 < lines.size(); ++i) {
            QCOMPARE(lines[i].keys(), (QStringList{"alternatives", "chance", "entropy", "id", "p", "text"}));
            QCOMPARE(lines[i]["alternatives"].toArray().size(), 3);
            QCOMPARE(lines[i]["alternatives"].toArray()[0].toObject().keys(), (QStringList{"chance", "p", "text"}));
        }
        const QJsonObject done = lines.back();
        QCOMPARE(done["event"].toString(), QStringLiteral("done"));
        QCOMPARE(done["step"].toInteger(), qint64(10));
        QCOMPARE(done["generated_tokens"].toInteger(), qint64(lines.size() - 1));
        QCOMPARE(done["prompt_tokens"].toInteger(), qint64(5));
    }

    void readsThePromptFromAFile()
    {
        const fs::path file = m_fixture.folder() / "text.txt";
        std::string output;
        QCOMPARE(m_fixture.runWorker({"generate", "--model", m_run, "--prompt-file", file.string(),
                                      "--max-tokens", "2", "--json"},
                                     &output),
                 0);
        QCOMPARE(jsonLines(output).back()["prompt_tokens"].toInteger(),
                 static_cast<qint64>(fs::file_size(file)));
    }

    void findsARunByItsId()
    {
        QCOMPARE(m_fixture.runWorker({"generate", "--model", "model", "--max-tokens", "1"}), 0);
    }

    void evaluatesAText()
    {
        std::string output;
        QCOMPARE(m_fixture.runWorker({"evaluate", "--model", m_run, "--data",
                                      (m_fixture.folder() / "text.txt").string(), "--json"},
                                     &output),
                 0);
        const auto lines = jsonLines(output);
        QCOMPARE(lines.size(), size_t(1));
        QCOMPARE(lines[0].keys(), (QStringList{"bits_per_byte", "loss", "perplexity", "tokens"}));
        QVERIFY(lines[0]["loss"].toDouble() > 0 && lines[0]["loss"].toDouble() < 6);
    }

    /// The only token that is predicted is the end of a text.
    void saysWhyThereAreNoBitsPerByte()
    {
        const fs::path data = m_fixture.folder() / "ends.jsonl";
        std::ofstream(data) << "{\"text\":\"\"}\n{\"text\":\"\"}\n";
        std::string output;
        QCOMPARE(
            m_fixture.runWorker({"evaluate", "--model", m_run, "--data", data.string(), "--json"}, &output),
            0);
        const auto lines = jsonLines(output);
        QCOMPARE(lines.size(), size_t(1));
        QVERIFY(lines[0]["bits_per_byte"].isNull() && lines[0]["loss"].isDouble());
        QCOMPARE(lines[0]["note"].toString(),
                 QStringLiteral("No bits per byte: no token that counts has a byte of text."));
        QCOMPARE(m_fixture.runWorker({"evaluate", "--model", m_run, "--data", data.string()}, &output), 0);
        QVERIFY2(output.find("bits per byte none: no token that counts has a byte of text\n") !=
                     std::string::npos,
                 output.c_str());
    }

    void namesWhatIsWrong_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("part");
        QTest::newRow("live") << QStringList{"RUN@live"} << 3 << "saved step";
        QTest::newRow("missing step") << QStringList{"RUN@11"} << 3 << "Nearest: 10 and 20";
        QTest::newRow("unknown id") << QStringList{"no-such-run-anywhere"} << 3 << "no-such-run-anywhere";
        QTest::newRow("temperature") << QStringList{"RUN", "--temperature", "11"} << 3 << "11";
        QTest::newRow("no number") << QStringList{"RUN", "--top-k", "many"} << 2 << "many";
        QTest::newRow("missing prompt file")
            << QStringList{"RUN", "--prompt-file", "/nonexistent"} << 3 << "/nonexistent";
    }

    void namesWhatIsWrong()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, part);
        std::vector<std::string> all = {"generate", "--model"};
        for (QString argument : arguments)
            all.push_back(argument.replace("RUN", QString::fromStdString(m_run)).toStdString());
        std::string output, errors;
        QTEST(m_fixture.runWorker(all, &output, &errors), "exitCode");
        QVERIFY2(QString::fromStdString(errors).contains(part), errors.c_str());
    }

    void errorsAreJsonWhenAskedFor()
    {
        std::string output;
        QCOMPARE(m_fixture.runWorker({"generate", "--model", m_run + "@11", "--json"}, &output), 3);
        QCOMPARE(jsonLines(output).at(0)["code"].toString(), QStringLiteral("not_found"));
    }

    void describesItself()
    {
        std::string output;
        QCOMPARE(m_fixture.runWorker({"info", "--json"}, &output), 0);
        const auto lines = jsonLines(output);
        QCOMPARE(lines.size(), size_t(1));
        QVERIFY(lines[0]["torch"].toString().startsWith("2.11"));
        QVERIFY(lines[0]["threads"].toInteger() >= 1);
    }
};

QTEST_GUILESS_MAIN(TestWorkerModel)
#include "tst_worker_model.moc"
