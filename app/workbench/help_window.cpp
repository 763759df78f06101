// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/help_window.h"

#include "app/workbench/help_pages.h"
#include "app/workbench/page_style.h"
#include "widgets/common/panel_frame.h"
#include "widgets/theme/theme.h"

#include <QDesktopServices>
#include <QHBoxLayout>
#include <QImage>
#include <QLineEdit>
#include <QListWidget>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kFileRole = Qt::UserRole;
constexpr int kMaxImageWidth = 640;
constexpr int kKeyColumn = 200; ///< of the page of keys

/// Pictures are no wider than the page.
class PageBrowser : public QTextBrowser {
public:
    using QTextBrowser::QTextBrowser;
    QVariant loadResource(int type, const QUrl &name) override
    {
        const QVariant loaded = QTextBrowser::loadResource(type, name);
        if (type != QTextDocument::ImageResource) return loaded;
        const QImage image =
            loaded.canConvert<QByteArray>() ? QImage::fromData(loaded.toByteArray()) : loaded.value<QImage>();
        return image.width() > kMaxImageWidth ? image.scaledToWidth(kMaxImageWidth, Qt::SmoothTransformation) : image;
    }
};

} // namespace

HelpWindow::HelpWindow(const ActionRegistry &actions, const QString &folder, QWidget *parent)
    : QDialog(parent), m_actions(actions), m_list(new QListWidget(this)), m_browser(new PageBrowser(this)),
      m_search(new QLineEdit(this)), m_back(new QToolButton(this)), m_forward(new QToolButton(this))
{
    setObjectName(u"helpWindow"_s);
    setWindowTitle(tr("Help"));
    m_list->setObjectName(u"helpList"_s);
    m_list->setAccessibleName(tr("Pages"));
    m_list->setWordWrap(true); // long titles take two lines
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_browser->setObjectName(u"helpBrowser"_s);
    m_browser->setAccessibleName(tr("Page"));
    m_browser->setOpenLinks(false); // pages here, everything else where the desktop opens it
    m_browser->setFrameShape(QFrame::NoFrame);
    m_search->setObjectName(u"helpSearch"_s);
    m_search->setPlaceholderText(tr("Find in the page (Ctrl+F)"));
    m_search->setAccessibleName(tr("Find in the page"));
    m_search->setClearButtonEnabled(true);
    m_search->setMinimumWidth(m_search->fontMetrics().horizontalAdvance(m_search->placeholderText()) + 4 * space::kOne);
    const auto prepare = [this](QToolButton *button, const QString &name, const QString &icon, const QString &hint) {
        button->setObjectName(name);
        button->setAutoRaise(true);
        button->setToolTip(hint);
        button->setAccessibleName(hint);
        button->setEnabled(false);
        bindIcon(button, icon);
    };
    prepare(m_back, u"helpBack"_s, u"chevron-left"_s, tr("Back (Alt+Left)"));
    prepare(m_forward, u"helpForward"_s, u"chevron-right"_s, tr("Forward (Alt+Right)"));

    m_list->addItem(tr("Keys"));
    for (const HelpPage &page : helpPages(folder)) {
        auto *item = new QListWidgetItem(page.title, m_list);
        item->setData(kFileRole, page.file);
        item->setToolTip(page.title);
    }

    auto *row = new QHBoxLayout;
    row->setSpacing(space::kHalf);
    row->addWidget(m_back);
    row->addWidget(m_forward);
    row->addStretch(1);
    row->addWidget(m_search);
    auto *right = new QWidget(this);
    auto *rightLayout = new QVBoxLayout(right);
    rightLayout->setContentsMargins(space::kOne, 0, 0, 0);
    rightLayout->setSpacing(space::kOne);
    rightLayout->addLayout(row);
    rightLayout->addWidget(m_browser, 1);
    auto *splitter = new QSplitter(this);
    splitter->addWidget(m_list);
    splitter->addWidget(right);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({220, 740});
    splitter->setChildrenCollapsible(false);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(splitter);
    resize(960, 680);

    connect(m_browser, &QTextBrowser::sourceChanged, this, &HelpWindow::onSourceChanged);
    connect(&Theme::instance(), &Theme::changed, this, &HelpWindow::showStyle);
    connect(m_list, &QListWidget::currentRowChanged, this, &HelpWindow::showRow);
    connect(m_browser, &QTextBrowser::anchorClicked, this, &HelpWindow::follow);
    connect(m_browser, &QTextBrowser::backwardAvailable, m_back, &QToolButton::setEnabled);
    connect(m_browser, &QTextBrowser::forwardAvailable, m_forward, &QToolButton::setEnabled);
    connect(m_back, &QToolButton::clicked, m_browser, &QTextBrowser::backward);
    connect(m_forward, &QToolButton::clicked, m_browser, &QTextBrowser::forward);
    connect(m_search, &QLineEdit::returnPressed, this, [this] { find(false); });
    connect(new QShortcut(QKeySequence::Find, this), &QShortcut::activated, m_search, qOverload<>(&QWidget::setFocus));
    connect(new QShortcut(QKeySequence::FindNext, this), &QShortcut::activated, this, [this] { find(false); });
    connect(new QShortcut(QKeySequence::FindPrevious, this), &QShortcut::activated, this, [this] { find(true); });
    connect(new QShortcut(QKeySequence::Back, this), &QShortcut::activated, m_browser, &QTextBrowser::backward);
    connect(new QShortcut(QKeySequence::Forward, this), &QShortcut::activated, m_browser, &QTextBrowser::forward);
}

void HelpWindow::present()
{
    show();
    raise();
    activateWindow();
}

void HelpWindow::showKeys()
{
    if (m_list->currentRow() == 0)
        showRow(0); // keys may have changed
    else
        m_list->setCurrentRow(0);
    present();
}

void HelpWindow::showPage(const QString &name)
{
    int found = 0;
    for (int row = 1; row < m_list->count() && found == 0; ++row)
        if (m_list->item(row)->data(kFileRole).toString().endsWith(u'/' + name)) found = row;
    m_list->setCurrentRow(found);
    present();
}

void HelpWindow::showRow(int row)
{
    if (row < 0) return;
    const QString file = m_list->item(row)->data(kFileRole).toString();
    const bool wasKeys = std::exchange(m_showsKeys, file.isEmpty());
    if (m_showsKeys) {
        m_browser->setMarkdown(keysPage(m_actions));
        showStyle();
    } else if (wasKeys && m_browser->source().toLocalFile() == file) {
        m_browser->reload();
    } else if (m_browser->source().toLocalFile() != file) {
        m_browser->setSource(QUrl::fromLocalFile(file), QTextDocument::MarkdownResource);
    }
}

void HelpWindow::showStyle() { stylePage(*m_browser->document(), m_showsKeys ? kKeyColumn : 0); }

/// By a link, the list, back or forward: the list says which page it is.
void HelpWindow::onSourceChanged(const QUrl &source)
{
    m_showsKeys = false;
    const QSignalBlocker isShown(m_list);
    for (int row = 1; row < m_list->count(); ++row)
        if (m_list->item(row)->data(kFileRole).toString() == source.toLocalFile()) m_list->setCurrentRow(row);
    showStyle();
}

/// Another page is shown and chosen in the list; what is no page of ours is for the desktop.
void HelpWindow::follow(const QUrl &link)
{
    const QUrl target = m_browser->source().resolved(link);
    if (!target.isLocalFile() || !target.path().endsWith(".md"_L1)) {
        if (link.hasFragment() && link.path().isEmpty())
            m_browser->scrollToAnchor(link.fragment());
        else
            QDesktopServices::openUrl(target);
        return;
    }
    m_browser->setSource(target, QTextDocument::MarkdownResource);
}

/// Begins again at the other end when nothing more is found.
void HelpWindow::find(bool isBackward)
{
    const QString words = m_search->text();
    if (words.isEmpty()) return;
    const QTextDocument::FindFlags flags = isBackward ? QTextDocument::FindBackward : QTextDocument::FindFlags();
    if (m_browser->find(words, flags)) return;
    m_browser->moveCursor(isBackward ? QTextCursor::End : QTextCursor::Start);
    m_browser->find(words, flags);
}

} // namespace orrery::ui
