// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/create_run.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/spec/field_table.h"

#include <QTemporaryDir>
#include <QTest>

using namespace orrery;

class TestCreateRun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void freezesWhatWasOpen();
    void leavesACoreForTheDesktop();
    void keepsExplicitValues();
    void listsARunOutsideTheHome();
    void makesARunThatCannotBeListed();
    void refusesBadInput_data();
    void refusesBadInput();
    void opensTheTokenizer();
    void takesAGenerator();
    void refusesTextForAModelOfPictures();
    void saysWhatAPictureIs();
    void refusesCudaWithoutAGpu();

private:
    RunSpec spec() const
    {
        RunSpec spec;
        spec.data.path = m_text;
        return spec;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_text;
    std::unique_ptr<Catalogue> m_catalogue;
};

void TestCreateRun::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_text = m_folder->filePath(QStringLiteral("my text.txt")).toStdString();
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "some words in a line\n";
    QVERIFY(writeFileAtomically(m_text, text).ok());
    m_catalogue = std::make_unique<Catalogue>(m_folder->filePath(QStringLiteral("home")).toStdString());
}

void TestCreateRun::freezesWhatWasOpen()
{
    const auto run = createRun(*m_catalogue, spec(), {}, ThreadUse::AllCores);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    const FrozenSpec &frozen = run->frozen();
    QCOMPARE(frozen.spec.name, std::string("my text-tiny"));
    QCOMPARE(frozen.spec.threads, static_cast<int64_t>(cpuInfo().numLogical));
    QCOMPARE(frozen.spec.schedule.totalSteps, frozen.spec.train.steps);
    QCOMPARE(frozen.cpuModel, cpuInfo().model);
    QCOMPARE(frozen.program, std::string(programVersion()));
    QCOMPARE(frozen.digest, specDigest(frozen.spec));
    QCOMPARE(run->path().parent_path(), m_catalogue->runsDirectory());
    QCOMPARE(m_catalogue->scan().size(), size_t{1});
}

void TestCreateRun::leavesACoreForTheDesktop()
{
    const auto run = createRun(*m_catalogue, spec(), {}, ThreadUse::LeaveOneForDesktop);
    QVERIFY(run.ok());
    QCOMPARE(run->frozen().spec.threads, static_cast<int64_t>(std::max(1, cpuInfo().numLogical - 1)));
}

void TestCreateRun::keepsExplicitValues()
{
    RunSpec given = spec();
    given.name = "mine";
    given.threads = 5;
    given.schedule.totalSteps = 777;
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::LeaveOneForDesktop);
    QVERIFY(run.ok());
    QCOMPARE(run->frozen().spec.name, std::string("mine"));
    QCOMPARE(run->frozen().spec.threads, int64_t{5});
    QCOMPARE(run->frozen().spec.schedule.totalSteps, int64_t{777});
}

void TestCreateRun::listsARunOutsideTheHome()
{
    const std::string elsewhere = m_folder->filePath(QStringLiteral("out/")).toStdString();
    const auto run = createRun(*m_catalogue, spec(), elsewhere, ThreadUse::AllCores);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    QCOMPARE(run->frozen().id, std::string("out"));
    QCOMPARE(m_catalogue->scan().size(), size_t{1});
    const auto again = createRun(*m_catalogue, spec(), elsewhere, ThreadUse::AllCores);
    QVERIFY(!again.ok());
    QCOMPARE(again.error().code, ErrorCode::Conflict);
    // A folder of the same name elsewhere is another run.
    const auto other = createRun(
        *m_catalogue, spec(), m_folder->filePath(QStringLiteral("b/out")).toStdString(), ThreadUse::AllCores);
    QVERIFY(other.ok());
    QCOMPARE(other->frozen().id, std::string("out-2"));
}

void TestCreateRun::makesARunThatCannotBeListed()
{
    // A home on a full or read-only disk, the run on another.
    const Catalogue nowhere("/proc/nowhere");
    const std::string elsewhere = m_folder->filePath(QStringLiteral("out")).toStdString();
    const auto run = createRun(nowhere, spec(), elsewhere, ThreadUse::AllCores);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    QVERIFY(RunDirectory::open(elsewhere).ok());
    QVERIFY(nowhere.scan().empty());
}

void TestCreateRun::refusesBadInput_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<qint64>("heads");
    QTest::addColumn<int>("code");
    QTest::newRow("no data") << QString() << qint64{4} << static_cast<int>(ErrorCode::InvalidInput);
    QTest::newRow("missing") << QStringLiteral("/nowhere/x") << qint64{4}
                             << static_cast<int>(ErrorCode::NotFound);
    QTest::newRow("pictures for a model of text")
        << QStringLiteral("gen:shapes") << qint64{4} << static_cast<int>(ErrorCode::InvalidInput);
    QTest::newRow("unknown generator")
        << QStringLiteral("gen:shpaes") << qint64{4} << static_cast<int>(ErrorCode::InvalidInput);
    QTest::newRow("contradiction") << QStringLiteral("@") << qint64{7}
                                   << static_cast<int>(ErrorCode::InvalidInput);
}

void TestCreateRun::refusesBadInput()
{
    QFETCH(QString, path);
    QFETCH(qint64, heads);
    QFETCH(int, code);
    RunSpec given = spec();
    if (path != QStringLiteral("@")) given.data.path = path.toStdString();
    given.model.heads = heads;
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY(!run.ok());
    QCOMPARE(static_cast<int>(run.error().code), code);
    QCOMPARE(m_catalogue->scan().size(), size_t{0});
}

void TestCreateRun::opensTheTokenizer()
{
    RunSpec given = spec();
    const std::string file = m_folder->filePath(QStringLiteral("t.json")).toStdString();
    given.data.tokenizer = file;
    const auto missing = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QVERIFY(writeFileAtomically(file, "{\"model\": 3}").ok());
    const auto broken = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY(!broken.ok());
    QCOMPARE(broken.error().code, ErrorCode::InvalidInput);
    QCOMPARE(m_catalogue->scan().size(), size_t{0});
    QVERIFY(
        writeFileAtomically(file, R"({"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}})").ok());
    given.data.tokenizer = std::filesystem::relative(file).string();
    QVERIFY(given.data.tokenizer != file);
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    QVERIFY(std::filesystem::path(run->frozen().spec.data.tokenizer).is_absolute());
    QVERIFY(std::filesystem::equivalent(run->frozen().spec.data.tokenizer, file));
}

void TestCreateRun::takesAGenerator()
{
    RunSpec given = spec();
    given.data.path = "gen:shapes?n=10";
    given.model.attention.numModalities = 2;
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
    QCOMPARE(run->frozen().spec.data.path, given.data.path); // no path below the working directory
    QCOMPARE(run->frozen().spec.name, std::string("shapes-tiny"));
}

void TestCreateRun::refusesTextForAModelOfPictures()
{
    RunSpec given = spec();
    given.model.attention.numModalities = 2;
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY(!run.ok());
    QVERIFY2(run.error().text().find("it is text, and attention.num_modalities is 2") != std::string::npos,
             run.error().text().c_str());
    QCOMPARE(m_catalogue->scan().size(), size_t{0});
}

/// Of any number of modalities: none of them would fit.
void TestCreateRun::saysWhatAPictureIs()
{
    RunSpec given = spec();
    given.data.path = m_folder->filePath(QStringLiteral("a.png")).toStdString();
    QVERIFY(writeFileAtomically(given.data.path, std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16)).ok());
    for (const int64_t count : {1, 2, 3}) {
        given.model.attention.numModalities = count;
        const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
        QVERIFY(!run.ok());
        const QString text = QString::fromStdString(run.error().text());
        QVERIFY2(
            text.contains(QStringLiteral("it is a picture (PNG), expected text, JSONL, or a manifest")) &&
                text.contains(QStringLiteral("Name it in a manifest")),
            qPrintable(text));
    }
    QCOMPARE(m_catalogue->scan().size(), size_t{0});
}

void TestCreateRun::refusesCudaWithoutAGpu()
{
    if (cudaDeviceCount().ok()) QSKIP("This machine has a GPU.");
    RunSpec given = spec();
    given.device = "cuda";
    const auto run = createRun(*m_catalogue, given, {}, ThreadUse::AllCores);
    QVERIFY(!run.ok());
    QCOMPARE(run.error().code, ErrorCode::Unavailable);
}

QTEST_GUILESS_MAIN(TestCreateRun)
#include "tst_create_run.moc"
