// SPDX-License-Identifier: Apache-2.0
// Breakpoints of a run that does not train: set, removed, and read by its next start.
#include "core/store/run_breakpoints.h"
#include "tests/store/store_fixture.h"

#include <fstream>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestRunBreakpoints : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    std::unique_ptr<RunDirectory> m_run;

    using Texts = std::vector<std::string>;
    [[nodiscard]] const fs::path &path() const { return m_run->path(); }
    [[nodiscard]] fs::path file() const { return path() / "breakpoints.json"; }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        auto run = RunDirectory::create(m_folder->path() / "run-1", frozenSpec("run-1", "first"));
        VERIFY_OK(run);
        m_run = std::make_unique<RunDirectory>(std::move(*run));
    }

    void areKept()
    {
        QCOMPARE(readBreakpoints(path()).value(), Texts());
        VERIFY_OK(changeKeptBreakpoints(path(), "loss>4", true));
        VERIFY_OK(changeKeptBreakpoints(path(), " entropy <  0.5", true));
        VERIFY_OK(changeKeptBreakpoints(path(), "loss > 4", true)); // once
        QCOMPARE(readBreakpoints(path()).value(), (Texts{"entropy < 0.5", "loss > 4"}));
        QCOMPARE(m_run->status().breakpoints, (Texts{"entropy < 0.5", "loss > 4"}));
        VERIFY_OK(changeKeptBreakpoints(path(), "entropy < 0.5", false));
        QCOMPARE(m_run->status().breakpoints, Texts{"loss > 4"});
        VERIFY_OK(changeKeptBreakpoints(path(), "", false));
        QVERIFY(!fs::exists(file()));
        QCOMPARE(m_run->status().breakpoints, Texts());
    }
    void mistakesAreNamed()
    {
        VERIFY_ERROR(changeKeptBreakpoints(path(), "loss > much", true), ErrorCode::InvalidInput,
                     "the number is \"much\"");
        VERIFY_ERROR(changeKeptBreakpoints(path(), "", true), ErrorCode::InvalidInput, "it is empty");
        VERIFY_ERROR(changeKeptBreakpoints(path(), "loss > 4", false), ErrorCode::NotFound,
                     "Cannot remove the breakpoint \"loss > 4\": the run has none");
        VERIFY_OK(changeKeptBreakpoints(path(), "lr > 1", true));
        VERIFY_ERROR(changeKeptBreakpoints(path(), "loss > 4", false), ErrorCode::NotFound,
                     "the run has lr > 1, expected one of these");
        Texts many;
        for (size_t i = 0; i < kMaxKeptBreakpoints; ++i) many.push_back("loss > " + std::to_string(i));
        VERIFY_OK(writeBreakpoints(path(), many));
        VERIFY_ERROR(changeKeptBreakpoints(path(), "lr > 1", true), ErrorCode::InvalidInput,
                     "the run has 64 already, expected fewer than 64");
        VERIFY_OK(changeKeptBreakpoints(path(), "loss > 7", true)); // it is there
    }
    void brokenFilesAreSaid_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("reason");
        QTest::newRow("cut") << QByteArray("[\"loss > 4\"") << QByteArray("it is no list");
        QTest::newRow("other") << QByteArray("[1]") << QByteArray("it has something that is no text");
        QTest::newRow("many") << "[\"\"" + QByteArray(",\"\"").repeated(64) + "]" << QByteArray("it has 65");
    }
    void brokenFilesAreSaid()
    {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, reason);
        std::ofstream(file()) << content.toStdString();
        VERIFY_ERROR(readBreakpoints(path()), ErrorCode::InvalidInput, reason.constData());
        QCOMPARE(m_run->status().breakpoints, Texts()); // the run itself can be read
        VERIFY_OK(changeKeptBreakpoints(path(), "", false));
        QVERIFY(!fs::exists(file()));
    }
};

QTEST_GUILESS_MAIN(TestRunBreakpoints)
#include "tst_run_breakpoints.moc"
