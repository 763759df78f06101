// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/model_export.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/number_text.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/run_text.h"
#include "widgets/theme/theme.h"

#include <QDir>
#include <QRegularExpression>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {

ModelExport::ModelExport(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_progress(new ProgressRow(this)), m_banner(new Banner(this))
{
    setObjectName(u"modelExport"_s);
    m_banner->setObjectName(u"modelExportBanner"_s);
    m_banner->clear();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_progress);
    layout->addWidget(m_banner);
}

QString ModelExport::folderName(const QString &model) const
{
    const qsizetype at = model.lastIndexOf(u'@');
    const QString run = at < 0 ? model : model.first(at);
    QString name = run;
    qint64 step = -1;
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == run) {
            name = runTitle(status);
            step = status.step;
        }
    if (at >= 0) step = model.sliced(at + 1).toLongLong();
    static const QRegularExpression others(u"[^\\w.-]+"_s, QRegularExpression::UseUnicodePropertiesOption);
    name.replace(others, u"-"_s);
    while (name.startsWith(u'.') || name.startsWith(u'-')) name.remove(0, 1);
    if (name.isEmpty()) name = u"model"_s;
    return step < 0 ? name : u"%1-step-%2"_s.arg(name).arg(step);
}

void ModelExport::choose(const QString &model, ModelFormat format)
{
    if (model.isEmpty()) return;
    const QString name = folderName(model);
    const PathQuestion question{format == ModelFormat::HuggingFace
                                    ? tr("Export for transformers, as the folder “%1” in").arg(name)
                                    : tr("Export the model, as the folder “%1” in").arg(name),
                                u"modelExportDialog"_s, PathKind::Folder, tr("Export"), QDir::homePath()};
    askForEnginePath(m_session, this, question, [this, model, format, name](const QString &path) {
        start(model, format, QDir(path).filePath(name));
    });
}

void ModelExport::start(const QString &model, ModelFormat format, const QString &directory)
{
    if (isBusy()) {
        m_banner->showMessage(BannerKind::Warning, tr("A model is being exported."),
                              tr("Wait until it has ended, or cancel it."));
        return;
    }
    m_banner->clear();
    m_directory = directory;
    const QString what = tr("Exporting %1 …").arg(model);
    m_progress->setProgress(what, -1, [this] { cancel(); });
    const ModelExportRequest request{toStd(model), toStd(directory), format == ModelFormat::HuggingFace ? "hf" : "orrery"};
    m_request = m_session.exportModel(
        request, this,
        [this, what](const TransferAmount &amount) {
            if (!isBusy() || amount.numTotal == 0) return;
            m_progress->setProgress(tr("%1 %2 of %3").arg(what, bytesText(amount.numDone), bytesText(amount.numTotal)),
                                    double(amount.numDone) / double(amount.numTotal), [this] { cancel(); });
        },
        [this](Result<ModelExportSummary> reply) { finish(reply); });
    Q_EMIT busyChanged();
}

void ModelExport::finish(const Result<ModelExportSummary> &reply)
{
    m_request.reset();
    m_progress->clear();
    Q_EMIT busyChanged();
    if (!reply) {
        m_banner->showError(reply.error());
        return;
    }
    QStringList hints;
    if (!reply->architecture.empty()) hints << tr("transformers loads it as %1.").arg(fromStd(reply->architecture));
    if (reply->hasMemory) hints << tr("What the run remembers went along.");
    for (const std::string &plugin : reply->plugins) hints << tr("It needs the plugin %1.").arg(fromStd(plugin));
    m_banner->showMessage(BannerKind::Info,
                          tr("Exported step %1 to %2: %3.")
                              .arg(integerText(reply->step), m_directory, bytesText(reply->numBytes)),
                          hints.join(u' '));
}

/// Answers at once; the engine removes what is half done.
void ModelExport::cancel()
{
    if (!isBusy()) return;
    m_request.reset();
    m_progress->clear();
    m_banner->showMessage(BannerKind::Info, tr("The export was cancelled."), tr("Nothing was written."));
    Q_EMIT busyChanged();
}

} // namespace orrery::ui
