// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that came with the program, beside the window: a list of them, what stands in them with their pictures and links,
// back and forward, and a search within the page. One for all; closing hides it. GUI thread only.
#pragma once

#include <QDialog>

class QLineEdit;
class QListWidget;
class QTextBrowser;
class QToolButton;

namespace orrery::ui {

class ActionRegistry;

class HelpWindow : public QDialog {
    Q_OBJECT
public:
    /// @param actions whose keys the first page lists; outlives the window  @param folder of the pages; empty: there are none
    HelpWindow(const ActionRegistry &actions, const QString &folder, QWidget *parent = nullptr);
    void showKeys();
    /// @param name "tour.md"; one that is not there shows the first page
    void showPage(const QString &name);
    [[nodiscard]] QTextBrowser *browser() const { return m_browser; }
    [[nodiscard]] QListWidget *list() const { return m_list; }

private:
    void follow(const QUrl &link);
    void showRow(int row);
    void showStyle();
    void onSourceChanged(const QUrl &source);
    void find(bool isBackward);
    void present();

    const ActionRegistry &m_actions;
    QListWidget *m_list;
    QTextBrowser *m_browser;
    QLineEdit *m_search;
    QToolButton *m_back, *m_forward;
    bool m_showsKeys = false; ///< which have no address: the browser's is that of the page before
};

} // namespace orrery::ui
