// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/side_column.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// What is not as it is in all columns; the seed is.
QStringList differingWords(SamplingSettings own, SamplingSettings common)
{
    own.seed = common.seed;
    QStringList words = samplingWords(own);
    words.removeLast(); // the seed
    const QStringList ofAll = samplingWords(common);
    words.removeIf([&ofAll](const QString &word) { return ofAll.contains(word); });
    if (own.topK == 0 && common.topK > 0) words << SideColumn::tr("no top-k");
    if (own.topP >= 1 && common.topP < 1) words << SideColumn::tr("no top-p");
    if (own.minP <= 0 && common.minP > 0) words << SideColumn::tr("no min-p");
    if (own.typicalP >= 1 && common.typicalP < 1) words << SideColumn::tr("no typical");
    if (own.repetitionPenalty == 1 && common.repetitionPenalty != 1) words << SideColumn::tr("no repetition penalty");
    if (own.stop.empty() && !common.stop.empty()) words << SideColumn::tr("no stop texts");
    if (own.maxTokens != common.maxTokens) words << SideColumn::tr("max %1 tokens").arg(own.maxTokens);
    return words;
}

/// Esc puts it away; without this the playground around it takes the key.
class SettingsPopup : public QFrame {
public:
    explicit SettingsPopup(QWidget *parent) : QFrame(parent, Qt::Popup) {}
    bool event(QEvent *event) override
    {
        if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape) {
            event->accept();
            return true;
        }
        return QFrame::event(event);
    }
};

} // namespace

SideColumn::SideColumn(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_runner(new GenerationRunner(session, this)),
      m_chooser(new ModelChooser(session, this)), m_view(new TokenView(this)),
      m_title(new ToneLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_settingsText(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_figures(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_parts(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_settings(new QToolButton(this)),
      m_remove(makeIconButton(u"close"_s, tr("Take the column away"), this))
{
    setObjectName(u"sideColumn"_s);
    m_settings->setObjectName(u"columnSettings"_s);
    m_settings->setText(tr("Settings…"));
    m_settings->setToolTip(tr("Settings of this column alone. The seed is that of all columns."));
    m_remove->setObjectName(u"removeColumn"_s);
    m_settingsText->setObjectName(u"columnSettingsText"_s);
    m_figures->setObjectName(u"columnFigures"_s);
    m_parts->setObjectName(u"columnParts"_s);
    m_parts->setWordWrap(true);
    makeLayout();
    connect(m_settings, &QToolButton::clicked, this, &SideColumn::openSettings);
    connect(m_remove, &QToolButton::clicked, this, &SideColumn::removeRequested);
    connect(m_chooser, &ModelChooser::changed, this, &SideColumn::changed);
    connect(m_view, &TokenView::currentTokenChanged, this, &SideColumn::currentTokenChanged);
    connect(m_runner, &GenerationRunner::tokensCame, this, [this](const std::vector<GeneratedToken> &tokens) {
        m_view->appendTokens(tokens);
        showFigures();
        Q_EMIT tokensCame();
    });
    connect(m_runner, &GenerationRunner::changed, this, &SideColumn::showFigures);
    connect(m_runner, &GenerationRunner::ended, this, [this] {
        m_view->finish();
        showFigures();
        Q_EMIT ended();
    });
    showSettings();
    showFigures();
}

SideColumn::~SideColumn() = default;

void SideColumn::makeLayout()
{
    auto *head = new QHBoxLayout;
    head->setSpacing(space::kHalf);
    head->addWidget(m_title);
    head->addWidget(m_chooser, 1);
    head->addWidget(m_remove);
    auto *second = new QHBoxLayout;
    second->setSpacing(space::kHalf);
    m_settingsText->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_figures->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    second->addWidget(m_settingsText, 1);
    second->addWidget(m_settings);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(head);
    layout->addLayout(second);
    layout->addWidget(makeSeparator(this));
    layout->addWidget(m_view, 1);
    layout->addWidget(m_parts);
    layout->addWidget(m_figures);
    m_chooser->setCompact();
}

void SideColumn::setName(const QString &name)
{
    m_name = name;
    m_title->setText(name);
    setAccessibleName(tr("Column %1").arg(name));
    m_view->setAccessibleName(tr("Answer of column %1").arg(name));
    m_settings->setAccessibleName(tr("Settings of column %1").arg(name));
    const QString remove = tr("Take column %1 away").arg(name);
    m_remove->setAccessibleName(remove);
    m_remove->setToolTip(remove);
}

void SideColumn::setRemovable(bool isRemovable) { m_remove->setVisible(isRemovable); }

void SideColumn::setCommon(const SamplingSettings &common)
{
    m_common = common;
    showSettings();
}

SamplingSettings SideColumn::sampling() const
{
    SamplingSettings sampling = m_sampling.value_or(m_common);
    sampling.seed = m_common.seed;
    return sampling;
}

ComparedColumn SideColumn::value() const { return {m_chooser->model(), m_sampling, m_version}; }

void SideColumn::setValue(const ComparedColumn &value)
{
    stop();
    m_sampling = value.sampling;
    m_version = value.version;
    m_isWaiting = false;
    m_difference = {};
    if (!value.model.isEmpty()) m_chooser->setModel(value.model);
    showSettings();
    showVersion();
}

void SideColumn::showVersion()
{
    m_view->clear();
    if (m_version) {
        m_view->appendTokens(m_version->tokens);
        if (!m_version->isRunning) m_view->finish();
    }
    showFigures();
}

bool SideColumn::isRunning() const { return m_runner->isRunning(); }

void SideColumn::wait()
{
    stop();
    m_version.reset();
    m_difference = {};
    m_isWaiting = true;
    showVersion();
}

void SideColumn::ask(const std::string &prompt)
{
    m_isWaiting = false;
    m_version = std::make_shared<GenerationVersion>();
    m_version->model = m_chooser->model();
    m_version->modelTitle = m_chooser->modelTitle();
    m_version->request.prompt = prompt;
    m_version->request.sampling = sampling();
    showVersion();
    m_runner->start(m_version, m_version->request);
}

void SideColumn::stop()
{
    m_isWaiting = false;
    m_runner->stop();
    showFigures();
}

void SideColumn::setColored(bool isColored) { m_view->setColored(isColored); }

void SideColumn::showDifference(const TokenDifference &difference, const QString &partsFrom)
{
    m_difference = difference;
    m_partsFrom = partsFrom;
    m_view->setDifference(difference.numShared, difference.firstOwn);
    showFigures();
}

void SideColumn::showSettings()
{
    QString text = tr("as in Sampling");
    if (m_sampling) {
        const QStringList words = differingWords(*m_sampling, m_common);
        text = words.isEmpty() ? tr("of its own, as in Sampling") : words.join(u", "_s);
    }
    m_settingsText->setFullText(text);
}

QString SideColumn::figuresText() const
{
    if (m_isWaiting) return tr("waits for its turn");
    if (!m_version) return tr("not asked yet");
    if (m_version->error && m_version->tokens.empty()) return tr("failed");
    const AnswerFigures figures = figuresOf(m_version->tokens);
    QStringList parts;
    parts << (figures.numTokens == 1 ? tr("1 token") : tr("%1 tokens").arg(integerText(figures.numTokens)));
    if (figures.numTokens > 0)
        parts << tr("%1 nats/token").arg(significantText(figures.surprise, 4))
              << tr("entropy %1 nats").arg(significantText(figures.entropy, 4));
    const double seconds = m_version->summary ? m_version->summary->decodeSeconds : 0;
    if (seconds > 0.02 && figures.numTokens > 1) parts << speedText(static_cast<double>(figures.numTokens) / seconds);
    if (m_version->isRunning) parts << (m_version->info ? tr("generating …") : tr("loading the model …"));
    return parts.join(u"  ·  "_s);
}

void SideColumn::showFigures()
{
    const bool hasFailed = m_version && m_version->error;
    m_figures->setFullText(figuresText());
    m_parts->setTone(hasFailed ? Tone::Error : Tone::Secondary);
    QString parts;
    if (hasFailed)
        parts = errorText(*m_version->error);
    else if (m_difference.firstOwn >= 0)
        parts = m_difference.numShared == 0
                    ? tr("Differs from the first token on.")
                    : tr("Shares %1 tokens, differs from token %2 on.")
                          .arg(integerText(m_difference.numShared), integerText(m_difference.firstOwn + 1));
    else if (!m_partsFrom.isEmpty())
        parts = m_partsFrom;
    m_parts->setText(parts);
    m_parts->setVisible(!parts.isEmpty());
}

SamplingForm *SideColumn::ownSettings()
{
    if (m_own) return m_own;
    auto *popup = new SettingsPopup(this);
    popup->setObjectName(u"columnSettingsPopup"_s);
    popup->setFrameShape(QFrame::StyledPanel);
    m_popup = popup;
    m_own = new SamplingForm(popup);
    m_own->hideWhole(); // of one column alone it would be another question
    // They are those of all columns.
    for (const char *name : {"seed", "rollSeed", "chooseTokens"})
        if (auto *control = m_own->findChild<QWidget *>(QLatin1String(name))) {
            control->setEnabled(false);
            control->setToolTip(tr("As in Sampling, for all columns"));
        }
    auto *common = new QPushButton(tr("As in Sampling"), popup);
    common->setObjectName(u"commonSettings"_s);
    common->setToolTip(tr("No settings of its own"));
    auto *layout = new QVBoxLayout(popup);
    layout->setContentsMargins(space::kOne, space::kOne, space::kOne, space::kOne);
    layout->addWidget(m_own);
    layout->addWidget(common, 0, Qt::AlignRight);
    m_own->setSettings(sampling());
    connect(common, &QPushButton::clicked, this, [this] {
        m_sampling.reset();
        m_popup->hide();
        showSettings();
        Q_EMIT changed();
    });
    connect(m_own, &SamplingForm::changed, this, [this] {
        if (m_popup->isHidden() && !m_sampling) return; // it is being filled
        m_sampling = m_own->settings();
        showSettings();
        Q_EMIT changed();
    });
    return m_own;
}

void SideColumn::openSettings()
{
    SamplingForm *form = ownSettings();
    const std::optional<SamplingSettings> own = m_sampling;
    form->setSettings(sampling());
    m_sampling = own;
    showSettings();
    m_popup->adjustSize();
    m_popup->move(m_settings->mapToGlobal(QPoint(m_settings->width() - m_popup->width(), m_settings->height() + 2)));
    m_popup->show();
    form->setFocus(Qt::PopupFocusReason);
}

} // namespace orrery::ui
