// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint that leaves as a folder: what is asked of the engine, what is shown meanwhile, and how it ends.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/banner.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/model_export.h"

#include <QFileDialog>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// Tells and answers when the test says so.
class ExportSession : public FakeSession {
public:
    std::vector<ModelExportRequest> requests;
    std::function<void(const TransferAmount &)> tell;
    Reply<ModelExportSummary> reply;
    int numCancelled = 0;

    std::unique_ptr<PendingRequest> exportModel(const ModelExportRequest &request, QObject *,
                                                std::function<void(const TransferAmount &)> onAmount,
                                                Reply<ModelExportSummary> answer) override
    {
        requests.push_back(request);
        tell = std::move(onAmount);
        reply = std::move(answer);
        return std::make_unique<FakeRequest>(std::make_shared<bool>(true), numCancelled);
    }
};

ModelExportSummary summaryOf(const char *directory)
{
    ModelExportSummary summary;
    summary.directory = directory;
    summary.step = 1'200;
    summary.numBytes = 3u << 20;
    return summary;
}

} // namespace

class TestModelExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tellsWhatItWrote();
    void showsHowFarItIs();
    void cancelAnswersAtOnce();
    void oneAtATime();
    void errorsAreShown();
    void theFolderIsNamedByRunAndStep();
};

void TestModelExport::tellsWhatItWrote()
{
    ExportSession session;
    ModelExport bar(session);
    bar.show();
    bar.start(u"code@1200"_s, ModelFormat::HuggingFace, u"/out/code"_s);
    QCOMPARE(session.requests.size(), size_t(1));
    QCOMPARE(session.requests[0].model, std::string("code@1200"));
    QCOMPARE(session.requests[0].directory, std::string("/out/code"));
    QCOMPARE(session.requests[0].format, std::string("hf"));
    QVERIFY(bar.isBusy());
    ModelExportSummary summary = summaryOf("/out/code");
    summary.architecture = "LlamaForCausalLM";
    summary.plugins = {"memory 1.0.0"};
    session.reply(summary);
    QVERIFY(!bar.isBusy());
    QVERIFY(bar.banner()->message().contains(u"Exported step 1,200 to /out/code: 3 MiB."_s));
    QString hint;
    for (const auto *label : bar.banner()->findChildren<ToneLabel *>()) hint += label->text();
    QVERIFY(hint.contains(u"LlamaForCausalLM"_s));
    QVERIFY(hint.contains(u"plugin memory 1.0.0"_s));
    bar.start(u"code@1200"_s, ModelFormat::Orrery, u"/out/ours"_s);
    QCOMPARE(session.requests[1].format, std::string("orrery"));
}

void TestModelExport::showsHowFarItIs()
{
    ExportSession session;
    ModelExport bar(session);
    bar.show();
    bar.start(u"code"_s, ModelFormat::Orrery, u"/out"_s);
    session.tell({0, 0}); // not known yet
    session.tell({1u << 20, 4u << 20});
    QVERIFY(bar.progress()->isActive());
    QTRY_VERIFY(bar.progress()->isVisible());
    QVERIFY(child<ElidedLabel>(bar.progress(), "panelProgressText")->fullText().contains(u"1 MiB of 4 MiB"_s));
}

void TestModelExport::cancelAnswersAtOnce()
{
    ExportSession session;
    ModelExport bar(session);
    bar.start(u"code"_s, ModelFormat::Orrery, u"/out"_s);
    bar.cancel();
    QVERIFY(!bar.isBusy());
    QCOMPARE(session.numCancelled, 1);
    QVERIFY(bar.banner()->message().contains(u"cancelled"_s));
    bar.cancel(); // nothing is under way
    QCOMPARE(session.numCancelled, 1);
}

void TestModelExport::oneAtATime()
{
    ExportSession session;
    ModelExport bar(session);
    bar.start(u"code"_s, ModelFormat::Orrery, u"/out"_s);
    bar.start(u"other"_s, ModelFormat::Orrery, u"/elsewhere"_s);
    QCOMPARE(session.requests.size(), size_t(1));
    QVERIFY(bar.banner()->message().contains(u"A model is being exported."_s));
    session.reply(summaryOf("/out"));
    QVERIFY(bar.banner()->message().contains(u"/out"_s));
}

void TestModelExport::errorsAreShown()
{
    ExportSession session;
    ModelExport bar(session);
    bar.start(u"hybrid"_s, ModelFormat::HuggingFace, u"/out"_s);
    session.reply(Error{ErrorCode::InvalidInput, "Cannot export \"hybrid\" as hf: it has a memory, expected a plain model.",
                        "Use the format orrery."});
    QVERIFY(!bar.isBusy());
    QVERIFY(bar.banner()->message().contains(u"it has a memory"_s));
}

void TestModelExport::theFolderIsNamedByRunAndStep()
{
    ExportSession session;
    RunStatus run = fakeRun("20260101-abc");
    run.name = "../my run: 7M";
    run.step = 300;
    session.runList = {run};
    session.info.isOfThisComputer = true;
    ModelExport bar(session);
    bar.choose(u"20260101-abc@200"_s, ModelFormat::Orrery);
    auto *dialog = bar.findChild<QFileDialog *>();
    if (!dialog) dialog = bar.window()->findChild<QFileDialog *>(u"modelExportDialog"_s);
    QVERIFY(dialog);
    QVERIFY(dialog->windowTitle().contains(u"“my-run-7M-step-200”"_s));
    Q_EMIT dialog->fileSelected(u"/models"_s);
    QCOMPARE(session.requests.size(), size_t(1));
    QCOMPARE(session.requests[0].directory, std::string("/models/my-run-7M-step-200"));
}

ORRERY_GUI_TEST_MAIN(TestModelExport)
#include "tst_model_export.moc"
