/** The commands of the `sh` blocks of a Markdown text, in order; one that goes over several lines is one. */
export function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => commandsIn(block));
}

/** The commands that `npm start` prints, between other lines. */
export const printedCommands = (text: string): string[] =>
  commandsIn(text).filter((command) => /^(?:curl|export|aws|npm) /.test(command));

/** A command ends with its line, unless the line ends with a backslash or leaves a quote open. */
function commandsIn(text: string): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    const command = open === '' ? line : `${open}\n${line}`;
    const isOpen = command.endsWith('\\') || (/^(?:curl|npm) /.test(command) && command.split("'").length % 2 === 0);
    open = isOpen ? command : '';
    if (!isOpen && command.trim() !== '') commands.push(command.replace(/\s+# .*$/, ''));
  }
  return commands;
}
