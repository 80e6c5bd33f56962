"""`vaxcert completion`."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash:  vaxcert completion bash >> ~/.bashrc
    zsh:   vaxcert completion zsh >> ~/.zshrc
    fish:  vaxcert completion fish > ~/.config/fish/completions/vaxcert.fish
    """  # noqa: D301 - \b is click's mark for lines to keep
    completion = get_completion_class(shell)
    assert completion is not None  # the choice lists only shells that click knows
    click.echo(completion(ctx.find_root().command, {}, "vaxcert", "_VAXCERT_COMPLETE").source())
